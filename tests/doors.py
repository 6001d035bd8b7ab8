"""The doors users use: the command line, called as its console script calls it."""

import contextlib
import io
import os
import subprocess
import sys
import traceback
from pathlib import Path

from dispatch import cli

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"
DAY = ROOT / "data" / "maoming" / "alerts.csv"


def run_dispatch(*arguments, cwd=None, alone=False, timeout=240):
    """Run `dispatch …` to its end and return it as a finished process with its output as text.

    It runs within this process, which has loaded already what a new one would load for two seconds: the
    same words go in and the same come out. `alone`, it is a process of its own, with so many seconds.
    """
    words = [*map(str, arguments)]
    if alone:
        return _as_a_process(words, cwd, timeout)
    out, said = _terminal(), _terminal()
    before = sys.argv, sys.stdin
    with contextlib.chdir(cwd or "."), Path(os.devnull).open(encoding="utf-8") as nobody:
        sys.argv, sys.stdin = ["dispatch", *words], nobody
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
                code = _exit_code()
        finally:
            sys.argv, sys.stdin = before
    return subprocess.CompletedProcess(words, code, _text(out), _text(said))


def _exit_code():
    """What the process would end with; a bug shows its traceback, as it would there."""
    try:
        cli.main()
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def _terminal():
    """Text with the bytes beneath it, as a pipe has; lines end as they do on Linux."""
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n", write_through=True)


def _text(terminal):
    return terminal.buffer.getvalue().decode("utf-8")


def _as_a_process(words, cwd, timeout):
    return subprocess.run(
        [sys.executable, "-m", "dispatch.cli", *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=cwd,
        timeout=timeout,
        check=False,
    )
