"""Kills a process that writes into a ledger, again and again: `python ledger_killer.py URL TIMES`.

Each child writes as fast as it can and says, after each commit, what it has committed. Prints
what was said, a line each: whoever reads it may demand that all of it is in the ledger.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from ledgers import NOW, alerts, later, planned  # noqa: E402 - the paths come first

from dispatch.ledger import Ledger  # noqa: E402


def write(url: str, turn: int, said: int) -> None:
    """Alerts, a plan, calls, an outcome: each committed alone, and said once it is."""
    ledger = Ledger.open(url)
    n = 0
    while True:
        n += 1
        first, second = f"K{turn}-{n}a", f"K{turn}-{n}b"
        rows = [
            {"alert_id": first, "phone": f"13{turn:03d}{n:05d}1"},
            {"alert_id": second, "phone": f"13{turn:03d}{n:05d}2"},
        ]
        ledger.record_alerts(alerts(*rows), at=NOW, by="k")
        os.write(said, f"alerts {first} {second}\n".encode())
        ledger.record_plan(*planned(first, second, plan_id=f"{turn:03d}{n:03d}" * 2), at=NOW, by="k")
        os.write(said, f"plan {first} {second}\n".encode())
        ledger.record_contact(first, "busy", at=later(1), by="k", note="占线")
        os.write(said, f"contact {first}\n".encode())


def main(url: str, times: int) -> None:
    """Fork, let write, kill -9; the ledger is never closed."""
    chance = random.Random(5)
    for turn in range(times):
        hear, said = os.pipe()
        child = os.fork()
        if not child:
            os.close(hear)
            write(url, turn, said)
        os.close(said)
        first = os.read(hear, 4096)  # it writes: from here on, any moment may be the last
        time.sleep(chance.uniform(0.0, 0.12))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        heard = first
        while more := os.read(hear, 65536):
            heard += more
        os.close(hear)
        whole = heard[: heard.rfind(b"\n") + 1]
        sys.stdout.write(whole.decode())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
