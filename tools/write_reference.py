"""Write the reference pages from what they describe: `python tools/write_reference.py`.

docs/reasons.md from the catalogue of sentences, docs/settings.md from the settings files,
docs/commands.md from the command line itself. A test fails where a page is out of step.
"""

from __future__ import annotations

import re
from pathlib import Path

import typer

from dispatch.reasons import CATALOGUE, parameters
from dispatch.settings import data_folder

DOCS = Path(__file__).parent.parent / "docs"

REASONS = """# Reasons

Every decision the program explains is a stable code with parameters; the sentences live in one catalogue,
`dispatch/reasons.py`. This page is written from it by `python tools/write_reference.py`.

| code | parameters | 中文 | English |
|---|---|---|---|
"""

SETTINGS = """# Settings

Every value below may be laid over by a TOML file of your own, given with `--settings`: a table a file, a key a value.
A key that is not known is refused by name. What was in force is written into `plan.json`. Units are in the names.

```toml
# my.toml
[planning]
horizon_minutes = 480.0

[columns]                 # headings of your export -> ours (docs/alerts.md)
"案件编号" = "alert_id"
```

The defaults, file by file, with the reasons for their values:
"""

COMMANDS = """# Commands

Written from the command line itself by `python tools/write_reference.py`. Results go to standard output, progress
and notes to standard error. Exit codes: 0 done, 1 the input, 2 the usage, 3 done but a human must look.

"""


def reasons() -> str:
    """The catalogue as a table."""
    rows = [
        f"| `{code}` | {', '.join(sorted(parameters(code))) or '–'} | {chinese} | {english} |"
        for code, (chinese, english) in CATALOGUE.items()
    ]
    return REASONS + "\n".join(rows) + "\n"


def settings() -> str:
    """The settings files as they are: their comments are their documentation."""
    files = sorted(data_folder().glob("*.toml"))
    blocks = [
        f"\n## `[{path.stem}]`\n\n```toml\n{path.read_text(encoding='utf-8').strip()}\n```\n"
        for path in files
    ]
    return SETTINGS + "".join(blocks)


def commands() -> str:
    """Every command with its arguments and options."""
    from dispatch.cli import app  # noqa: PLC0415 - the whole program, needed for this page only

    return COMMANDS + "\n".join(_command(typer.main.get_command(app), "dispatch"))


def _command(command: object, path: str) -> list[str]:
    lines = [f"## `{path}`\n", re.sub(r"\s+", " ", command.help or "").strip() + "\n"]  # type: ignore[attr-defined]
    rows = [_parameter(one) for one in command.params if one.name != "help"]  # type: ignore[attr-defined]
    if rows:
        lines += ["| | meaning | default |\n|---|---|---|", *rows, ""]
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        lines += _command(inner, f"{path} {name}")
    return lines


def _parameter(one: object) -> str:
    argument = one.param_type_name == "argument"  # type: ignore[attr-defined]
    names = one.name.upper() if argument else ", ".join(one.opts)  # type: ignore[attr-defined]
    shown = one.default if one.default not in (None, False) else ""  # type: ignore[attr-defined]
    note = "required" if one.required else str(shown)  # type: ignore[attr-defined]
    return f"| `{names}` | {one.help or ''} | {note} |"  # type: ignore[attr-defined]


PAGES = {"reasons.md": reasons, "settings.md": settings, "commands.md": commands}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
