"""The doors users use: the command line as a process of its own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"
DAY = ROOT / "data" / "maoming" / "alerts.csv"


def run_dispatch(*arguments, cwd=None, timeout=240):
    """Run `dispatch …` and return the finished process with its output as text."""
    return subprocess.run(
        [sys.executable, "-m", "dispatch.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=cwd,
        timeout=timeout,
        check=False,
    )
