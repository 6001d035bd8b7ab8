"""What charts by matplotlib share: the package's font, quiet axes, and SVG as part of a page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from dispatch.errors import MissingExtra
from dispatch.settings import data_folder

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, LINE = "#1c2530", "#5b6775", "#dde3ea"
SERIES = ("#1f5fa8", "#c2571a", "#2f8f6b", "#7a3296", "#b3261e", "#5b6775", "#9a7b00", "#0b7a8b")
"""Inks of things compared, each as dark as the others; told apart by `DASHES` too."""
DASHES = ("-", "--", "-.", ":")
FALLBACKS = (
    "Noto Sans SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "SimHei",
)


@contextmanager
def chart_style() -> Iterator[None]:
    """Charts drawn within have the package's font, and their letters as paths.

    Raises
    ------
    MissingExtra
        matplotlib is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra, and a second to load
    except ImportError as cause:
        raise MissingExtra("matplotlib", "reports") from cause
    style = {
        "font.family": list(_fonts()), "svg.fonttype": "path", "svg.hashsalt": "picture", "axes.unicode_minus": True,
        "text.color": INK, "text.parse_math": False, "figure.dpi": 100,
    }  # fmt: skip
    with mpl.rc_context(style):
        yield


def chart_axes(figure: Figure) -> Axes:
    """Axes with a base line and a grid, nothing else."""
    axes = figure.add_subplot()
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.tick_params(length=0, labelsize=7, labelcolor=INK)
    axes.grid(visible=True, axis="y", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def svg_of(figure: Figure) -> str:
    """The same figure gives the same text."""
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return out.getvalue().decode("utf-8")


def inline(name: str, svg: str, title: str) -> Markup:
    """Matplotlib's SVG as part of a page: no prologue, comments or style for all, ids of its own, a name to read out.

    The drawing holds no text of ours (letters are paths); the comments that would repeat it are dropped.
    """
    drawing = svg[svg.index("<svg") :]
    drawing = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>|<style\b.*?</style>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r'\b(id="|xlink:href="#|url\(#)', rf"\g<1>{name}-", drawing)
    for side in ("width", "height"):  # the page says how wide, the view box how high
        drawing = re.sub(rf'(<svg\b[^>]*?) {side}="[^"]*"', r"\1", drawing, count=1)
    named = Markup('<svg role="img" aria-label="{}"').format(title)
    return Markup(drawing.replace("<svg", str(named), 1))  # noqa: S704 - our own drawing, its texts drawn as paths


@cache
def _fonts() -> tuple[str, ...]:
    """Families to draw with, the package's own first."""
    from matplotlib import font_manager  # noqa: PLC0415 - an extra

    own = data_folder() / "fonts" / "NotoSansSC-Regular.ttf"
    if own.is_file():
        font_manager.fontManager.addfont(own)
        return (str(font_manager.FontProperties(fname=own).get_name()), "DejaVu Sans")
    there = {one.name for one in font_manager.fontManager.ttflist}
    return (*(one for one in FALLBACKS if one in there), "DejaVu Sans")
