"""Write docs/night.md: the scripted night run once more, with what was really said. `python tools/write_night.py`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import night  # noqa: E402 - the repository must be on the path first
from dispatch.area import open_area  # noqa: E402
from dispatch.planfile import read_plan  # noqa: E402
from dispatch.replan.changes import radio_lines  # noqa: E402
from dispatch.replan.replanning import Effort, Replanned  # noqa: E402

ITERATIONS = 3000
SHOWN = 6

HEAD = """# A night

Friday, 1 May 2026, 20:00, the duty room of a county of the practice area (invented people, invented roads). Eight police
crews, seven town officers and the county's squad are on duty; {cases} people need somebody at their door. This page is written by
`python tools/write_night.py`; the words below are what the program said. `tests/test_night.py` runs the same night and checks
after each step that the audit is clean, that frozen stops are untouched, that no more people are told anew than allowed, and
that the sum closes.

Every step is one command:

```sh
dispatch replan plan-2000 --at 2026-05-01T20:10 --events events-2010.csv --out plan-2010 --max-changes {limit}
```

## 20:00 · the plan

{sum}
"""


def account(summary: dict[str, object]) -> str:
    """The sum of one plan."""
    parts = [
        f"received {summary['received']}", f"= no visit needed {summary['no_visit_needed']}",
        f"+ settled {summary.get('settled', 0)}", f"+ visited {summary['visited']}", f"+ left out {summary['left_out']}",
    ]  # fmt: skip
    yuan = summary["expected_loss_yuan"]
    return f"{' '.join(parts)}; expected loss {yuan:,.0f} yuan."


def told(step: night.Step, rows: night.Rows, done: Replanned) -> str:
    """One step as Markdown."""
    summary = dict(done.day.summary)
    lines = [f"## {step.clock} · {step.en}", "", "What is reported:", "", "```"]
    for row in rows:
        kept = (
            "event",
            "at",
            "case",
            "预警编号",
            "responder",
            "value",
            "until",
            "minutes",
            "lon",
            "lat",
            "radius_metres",
        )
        lines.append("  ".join(row[name] for name in kept if row.get(name)))
    lines += ["```", "", "What the operator reads out:", "", "```"]
    said = radio_lines(done.changes, "zh")
    lines += said[:SHOWN] or ["无变更"]
    if len(said) > SHOWN:
        lines.append(f"… 另有 {len(said) - SHOWN} 组")
    lines += ["```", ""]
    notes = [note for note in done.day.notes if not note.startswith("closures at")]
    if notes:
        lines += [*(f"> {note}" for note in notes), ""]
    by = ", ".join(f"{code} {count}" for code, count in dict(summary["settled_by"]).items())
    lines += [
        f"{account(summary)} Settled: {by}. Frozen: {summary['under_way']} visits under way. "
        f"Told anew: {summary['told_anew']} of {summary['max_changes']} allowed.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the night and write the page."""
    area = open_area("maoming")
    with tempfile.TemporaryDirectory() as scratch:
        out = night.begin(area, Path(scratch) / "night", iterations=ITERATIONS)
        first = read_plan(out).summary
        parts = [HEAD.format(cases=first["cases"], limit=night.MAX_CHANGES, sum=account(dict(first)))]
        for step in night.STEPS:
            done, out, rows = night.go_on(area, step, out, effort=Effort(iterations=ITERATIONS))
            parts.append(told(step, rows, done))
    parts.append(TAIL)
    (ROOT / "docs" / "night.md").write_text("\n".join(parts), encoding="utf-8")


TAIL = """## What to see in it

- Whoever answered the telephone at 20:08 is out of the plan at 20:10, and the crews freed go where they save most; visits that
  move up by more than fifteen minutes count as changes and stay within the limit.
- Nobody drives through the water.
- Who was not at home is tried at another place at once where one is likely, else an hour later; to whoever refused a police crew
  only a higher rung goes, never the same crew.
- A visit that is over by the plan and was not reported on stays in the account until somebody says what came of it.
"""

if __name__ == "__main__":
    main()
