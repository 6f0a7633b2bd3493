"""The npm package ``ocpp-rpc`` in strict mode as the other end, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
BUILT = HERE.parents[2] / "build" / "ocpp-peers"
PATIENCE_S = 60.0


async def installed() -> Path:
    """Where the package is, after ``npm ci`` where it was not there yet."""
    lock = (HERE / "package-lock.json").read_bytes()
    mark = BUILT / "installed.lock"
    if mark.exists() and mark.read_bytes() == lock:
        return BUILT
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        if os.environ.get("CI"):
            pytest.fail("npm and node are needed here")
        pytest.skip("npm and node are not installed")
    BUILT.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, BUILT / name)
    process = await asyncio.create_subprocess_exec(
        npm,
        "ci",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        cwd=BUILT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    mark.write_bytes(lock)
    return BUILT


@dataclass
class NodePeer:
    """The other end."""

    process: asyncio.subprocess.Process
    port: int | None = None
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """What the schemas of the package refused, in either direction."""
    _waiting: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Let it ask us; the answer, which must be one."""
        number = len(self._waiting)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._write({"id": number, "call": action, "payload": payload})
        line = await future
        assert "error" not in line, f"{action}: {line['error']}; {self.refused}"
        result: dict[str, Any] = line["result"]
        return result

    def answer(self, action: str, payload: dict[str, Any]) -> None:
        """What it answers to an action from now on; an empty object without that."""
        self._write({"answer": action, "payload": payload})

    async def has(self, action: str, count: int = 1) -> None:
        """Return once it was asked that often."""
        while [name for name, _ in self.asked].count(action) < count:
            self._news.clear()
            await self._news.wait()

    def _write(self, line: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(line).encode() + b"\n")

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while text := await self.process.stdout.readline():
            line = json.loads(text)
            if "ready" in line:
                self.port = line["ready"]
                self._ready.set()
            elif "id" in line:
                self._waiting[line["id"]].set_result(line)
            elif "asked" in line:
                self.asked.append((line["asked"], line["payload"]))
            else:
                self.refused.append(line["strict"])
            self._news.set()


@asynccontextmanager
async def node_peer(*arguments: str) -> AsyncIterator[NodePeer]:
    """``client URL IDENTITY`` or ``server``, connected or listening."""
    folder = await installed()
    process = await asyncio.create_subprocess_exec(
        "node",
        str(HERE / "peer.mjs"),
        str(folder),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 22,
    )
    peer = NodePeer(process)
    reading = asyncio.create_task(peer._read())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await peer._ready.wait()
        yield peer
    finally:
        assert process.stdin is not None
        process.stdin.close()
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading
