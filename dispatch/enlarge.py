"""An area folder with more names: an administrative list or an address library joined to it."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from dispatch.area import FILES, Area, open_area
from dispatch.errors import BadInput
from dispatch.places.joining import Joined, join_names
from dispatch.places.library import Names
from dispatch.reasons import say
from dispatch.roads.layers import write_gazetteer
from dispatch.settings import data_folder
from dispatch.store import refuse_overwrite, write_folder


def enlarge_area(
    area: Area, names: Names, source: str, out: Path | None = None, *, force: bool = False
) -> tuple[Area, Joined]:
    """Join names to an area and write its folder, whole or not at all; all else in it stays.

    Parameters
    ----------
    area
        The area as opened.
    names
        What `dispatch.places.library` read of a file.
    source
        What the file is called: it is added to the area's source.
    out
        Another folder to write the enlarged area to; None: its own.
    force
        Replace `out` if it is an area folder.

    Raises
    ------
    BadInput
        A bundled area without `out`, or a file of which no row could be used.
    OutputExists
        `out` is there and `force` is not given.
    """
    folder = area.folder
    if folder is None:
        raise BadInput(f"area {area.name} is in no folder; write it first")
    if out is None and folder.resolve().is_relative_to(data_folder().resolve()):
        raise BadInput(f"{area.name} is a bundled area and stays as it is; give --out FOLDER for a copy")
    target = folder if out is None else Path(out)
    if out is not None:
        refuse_overwrite(target, force=force)
    joined = join_names(area.gazetteer, area.boundaries, names)
    if not joined.added and not joined.known:
        raise BadInput(f"{source}: {_nothing(joined)}; nothing was added to {area.name}")
    counts = _counts(area, joined)
    about = _with_counts((folder / "area.toml").read_text(encoding="utf-8"), counts)
    about = _with_source(about, area.source, source)

    def fill(fresh: Path) -> None:
        for path in sorted(folder.iterdir()):
            kept = path.name in FILES or (out is None and path.is_file())
            if kept and path.name not in ("area.toml", "gazetteer.csv"):
                shutil.copyfile(path, fresh / path.name)
        if out is None and (folder / "cache").is_dir():
            shutil.copytree(folder / "cache", fresh / "cache")
        write_gazetteer(joined.table, fresh / "gazetteer.csv")
        (fresh / "area.toml").write_text(about, encoding="utf-8")

    write_folder(target, fill, force=out is None or force)
    return open_area(target.resolve()), joined


def _nothing(joined: Joined) -> str:
    """Why no row of a file could be used: the commonest cause, with the first row it stands in."""
    if not joined.refused:
        return "there are no rows below its headings"
    causes = Counter(why.code for _, why in joined.refused)
    code, count = causes.most_common(1)[0]
    row, why = next((row, why) for row, why in joined.refused if why.code == code)
    alike = f" ({count:,} rows alike)" if count > 1 else ""
    return f"none of its {len(joined.refused):,} rows can be used; row {row}: {say(why, 'en')}{alike}"


def _counts(area: Area, joined: Joined) -> dict[str, int]:
    """The area's counts, its levels as the gazetteer now has them."""
    levels = joined.table["level"].value_counts(sort=False)
    fresh = {str(level): int(count) for level, count in levels.items()}
    return {key: fresh.pop(key, count) for key, count in area.counts.items()} | fresh


def _with_counts(about: str, counts: Mapping[str, int]) -> str:
    lines = "\n".join(f"{key} = {count}" for key, count in counts.items())
    return (
        re.sub(r"(?ms)^\[counts\]\n.*?(?=^\[|\Z)", lambda _: f"[counts]\n{lines}\n\n", about).rstrip("\n")
        + "\n"
    )


def _with_source(about: str, before: str, source: str) -> str:
    parts = before.split("; ")
    text = before if source in parts else "; ".join([*parts, source])
    line = "source = " + json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
    return re.sub(r"(?m)^source = .*$", lambda _: line, about, count=1)
