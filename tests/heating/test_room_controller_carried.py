"""The copies that hosts carry are what their source says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "src/ohmstead/heating/room_controller.py"


def check(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, root / "tools" / "carry.py", "--check"], capture_output=True, text=True, check=False
    )


def test_no_copy_has_drifted() -> None:
    done = check(ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_drift_is_found(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    shutil.copytree(ROOT / "src" / "ohmstead" / "heating", tmp_path / "src" / "ohmstead" / "heating")
    assert check(tmp_path).returncode == 1
    assert subprocess.run([sys.executable, tmp_path / "tools" / "carry.py"], check=False).returncode == 0
    assert check(tmp_path).returncode == 0
    source = tmp_path / SOURCE
    source.write_text(source.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    done = check(tmp_path)
    assert done.returncode == 1
    assert "custom_components/trv_regulator/room_controller.py differs" in done.stderr


def test_the_source_imports_the_standard_library_only() -> None:
    code = (
        "import sys, runpy; before = set(sys.modules); "
        f"runpy.run_path({str(ROOT / SOURCE)!r}); "
        "new = {m.partition('.')[0] for m in set(sys.modules) - before}; "
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
