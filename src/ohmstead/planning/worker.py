"""The planner in a process of its own: a slow or crashed solve never holds up the control loop."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from time import monotonic

from ohmstead.core.plan import Plan
from ohmstead.errors import PlanError
from ohmstead.planning.request import PlanRequest

_READY = "ready"
_NICENESS = 5
"""The control loop goes first on a small machine."""

_Channel = Connection


class PlannerProcess:
    """One child process (spawned: HiGHS must not be forked) that makes plans, one after another.

    Args:
        deadline_s: how long a plan may take from sending to answer. A child that takes longer is
            killed, and the next plan starts a new one.
        start_timeout_s: how long a new child may take until it is ready.
    """

    def __init__(self, *, deadline_s: float = 10.0, start_timeout_s: float = 60.0) -> None:
        self._deadline_s = deadline_s
        self._start_timeout_s = start_timeout_s
        self._lock = asyncio.Lock()
        self._process: BaseProcess | None = None
        self._channel: _Channel | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Process id of the child; ``None`` while there is none."""
        return None if self._process is None else self._process.pid

    async def plan(self, request: PlanRequest) -> Plan:
        """The plan for a request; calls wait for each other.

        Raises:
            PlanError: the child took too long, died, or could not make a plan. The next call
                starts with a fresh child.
        """
        async with self._lock:
            if self._closed:
                raise PlanError("the planner is closed")
            try:
                return await self._ask(request)
            except BaseException:
                # Also when the caller is cancelled: an answer must never reach a later question.
                self._stop()
                raise

    async def start(self) -> None:
        """Start the child ahead of the first plan.

        Raises:
            PlanError: it did not become ready.
        """
        async with self._lock:
            await self._running()

    def close(self) -> None:
        """End the child. Idempotent."""
        self._closed = True
        self._stop()

    async def _ask(self, request: PlanRequest) -> Plan:
        channel = await self._running()
        try:
            # Views of mappings cannot be pickled; plain dicts can.
            state = replace(request.state, assets=dict(request.state.assets))
            channel.send(replace(request, state=state, legionella_due=dict(request.legionella_due)))
            answer = await self._receive(channel, self._deadline_s)
        except OSError as error:
            raise PlanError("the planner process died") from error
        if isinstance(answer, Plan):
            return answer
        raise PlanError(str(answer))

    async def _running(self) -> _Channel:
        if self._process is not None and self._channel is not None and self._process.is_alive():
            return self._channel
        self._stop()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), name="ohmstead-planner", daemon=True)
        await asyncio.to_thread(process.start)
        theirs.close()
        self._process, self._channel = process, ours
        answer = await self._receive(ours, self._start_timeout_s)
        if answer != _READY:
            raise PlanError(f"the planner process did not start: {answer}")
        return ours

    async def _receive(self, channel: _Channel, timeout_s: float) -> object:
        until = monotonic() + timeout_s
        try:
            # Short waits, so that a cancelled caller leaves no thread behind for the whole time.
            while (left := until - monotonic()) > 0.0:
                if await asyncio.to_thread(channel.poll, min(left, 0.5)):
                    return await asyncio.to_thread(channel.recv)
        except EOFError as error:
            raise PlanError("the planner process died") from error
        raise PlanError(f"no answer from the planner process within {timeout_s:g} s")

    def _stop(self) -> None:
        process, channel = self._process, self._channel
        self._process = self._channel = None
        if process is not None:
            process.kill()
            process.join()
            process.close()
        if channel is not None:
            channel.close()


def _serve(channel: _Channel) -> None:
    """The child: answer requests until the parent is gone."""
    # Ctrl-C goes to the whole group; the parent decides when the child ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(_NICENESS)
    from ohmstead.planning.planner import make_plan  # noqa: PLC0415 - only the child loads the solver

    with contextlib.suppress(EOFError, OSError):
        channel.send(_READY)
        while True:
            request: PlanRequest = channel.recv()
            try:
                channel.send(make_plan(request))
            except (PlanError, ArithmeticError, LookupError, TypeError, ValueError) as error:
                channel.send(f"{type(error).__name__}: {error}")
