"""The press: one Typst compiler with our fonts and templates, data in, PDF out.

Values reach a template as JSON, never as markup: a name full of Typst code is printed as that text. No
package is loaded, nothing is fetched, no font of the machine is used, and the same values give the same bytes.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import typst

from dispatch.settings import data_folder

Template = Literal["sheet", "overview"]

MISSING = "〓"
"""Printed in the place of a character the font does not have."""
BREAK, JOIN = "\u200b", "\u2060"
TEMPLATES = Path(__file__).parent / "templates"
_LONG_RUN = re.compile(r"[\x21-\x7e\u00a1-\u02ff]{25,}")


def pdf_of(
    template: Template, values: Mapping[str, Any], pictures: Mapping[str, str], made_at: datetime
) -> bytes:
    """A PDF of `values` (any JSON), said to be made at `made_at`.

    `pictures` are SVG by name, made of numbers of ours alone; they are placed as they are.
    """
    made = _press(template).compile(
        format="pdf",
        sys_inputs={
            "values": json.dumps(printable(values), ensure_ascii=False, allow_nan=False),
            "pictures": json.dumps(pictures),
        },
        timestamp=int(made_at.astimezone(UTC).timestamp()),
        pdf_tags=False,
    )
    return cast("bytes", made)


def printable(value: Any) -> Any:
    """The value with every text in it such that it prints: signs the font lacks replaced, long runs breakable."""
    if isinstance(value, str):
        return _printable_text(value)
    if isinstance(value, Mapping):
        return {key: printable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [printable(one) for one in value]
    return value


@cache
def covered() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """First and last code points of the runs of characters the regular font has."""
    manifest = json.loads((data_folder() / "fonts" / "manifest.json").read_text("utf-8"))
    first, last = zip(*manifest["covers"], strict=True)
    return first, last


@cache
def prints(sign: str) -> bool:
    """Whether the font has a character."""
    first, last = covered()
    at = bisect_right(first, ord(sign)) - 1
    return at >= 0 and ord(sign) <= last[at]


def _printable_text(text: str) -> str:
    if text.isascii() and len(text) < 25:
        return text
    whole = "".join(sign if prints(sign) else MISSING for sign in text)
    whole = whole.replace("”。", f"”{JOIN}。")
    return _LONG_RUN.sub(lambda run: BREAK.join(re.findall(".{1,12}", run[0])), whole)


@cache
def _press(template: Template) -> typst.Compiler:
    """A compiler kept for all sheets of a process: fonts are read once."""
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(data_folder() / "fonts")]
    )
    return typst.Compiler(input=str(TEMPLATES / f"{template}.typ"), root=str(TEMPLATES), font_paths=fonts)
