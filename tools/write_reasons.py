"""Write docs/reasons.md from the one catalogue of sentences: `python tools/write_reasons.py`."""

from __future__ import annotations

from pathlib import Path

from dispatch.reasons import CATALOGUE, parameters

PAGE = Path(__file__).parent.parent / "docs" / "reasons.md"
HEAD = """# Reasons

Every decision the program explains is a stable code with parameters; the sentences live in one catalogue,
`dispatch/reasons.py`. This page is written from it by `python tools/write_reasons.py`.

| code | parameters | 中文 | English |
|---|---|---|---|
"""


def page() -> str:
    """The page as Markdown."""
    rows = [
        f"| `{code}` | {', '.join(sorted(parameters(code))) or '–'} | {chinese} | {english} |"
        for code, (chinese, english) in CATALOGUE.items()
    ]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
