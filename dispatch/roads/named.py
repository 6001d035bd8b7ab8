"""Named things of a map become rows of the gazetteer: which level each is, and how wide.

Chinese names say their level themselves (县, 镇, 街道, 村); elsewhere the tags are believed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dispatch.roads.network import CLASSES, Network
from dispatch.roads.tags import FORMULA_SIGNS, chinese_part, name_of, plain

COLUMNS = ["code", "name", "level", "lon", "lat", "parent", "aliases", "residents", "radius_metres"]
RADIUS_METRES = {
    "province": 150_000.0, "city": 50_000.0, "county": 20_000.0, "township": 4_000.0, "village": 800.0,
    "hamlet": 300.0, "police": 50.0, "hotel": 50.0, "school": 150.0, "hospital": 150.0, "market": 100.0,
    "bank": 40.0, "poi": 80.0, "street": 500.0, "door": 30.0,
}  # fmt: skip
"""How far from its point a thing of each level reaches, where no outline says better."""

ADMIN_LEVELS = {"4": "province", "5": "city", "6": "county", "8": "township", "9": "village", "10": "village"}
PLACES = {
    "state": "province", "province": "province", "city": "city", "county": "county", "district": "county",
    "municipality": "county", "town": "township", "township": "township", "borough": "township",
    "suburb": "village", "village": "village", "quarter": "hamlet", "neighbourhood": "hamlet",
    "hamlet": "hamlet", "isolated_dwelling": "hamlet", "farm": "hamlet",
}  # fmt: skip
ENDINGS = (
    (re.compile("(省|自治区)$"), "province"),
    (re.compile("(小区|社区|居委会|居民委员会|村委会|村民委员会|村)$"), "village"),
    (re.compile("(街道|街道办事处|街道办|办事处|镇|乡|苏木|开发区|管理区|产业园区)$"), "township"),
    (re.compile("(县|自治县|旗|市辖区|区)$"), "county"),
)
"""What the end of a Chinese name makes of a settlement, the first that fits."""

ZONE = re.compile(
    "(园区|新区|景区|度假区|示范区|试验区|实验区|开发区|高新区|工业区|产业区|聚集区|经济区|保税区)$"
)
"""Zones have the size of a township; only a few (浦东新区) are counties, and those say so by a tag."""

AMENITIES = {
    "police": "police", "school": "school", "kindergarten": "school", "college": "school",
    "university": "school", "hospital": "hospital", "clinic": "hospital", "marketplace": "market",
    "bank": "bank", "townhall": "poi", "bus_station": "poi", "fuel": "poi", "post_office": "poi",
    "community_centre": "poi", "courthouse": "poi", "ferry_terminal": "poi", "place_of_worship": "poi",
    "restaurant": "poi", "public_building": "poi",
}  # fmt: skip
SHOPS = {"supermarket": "market", "mall": "market", "department_store": "market"}
TOURISM = {"hotel": "hotel", "guest_house": "hotel", "hostel": "hotel", "motel": "hotel", "attraction": "poi"}
NOT_A_STATION = re.compile(
    "交警|交管|交通警察|车管|看守|拘留|戒毒|监狱|出入境|特警|特巡警|巡特警|巡警|刑警|刑侦|禁毒|消防|卡口|检查站"
    "|岗亭|警务室|警务站|训练|警校|森林|铁路|机场|水上|治安亭|指挥中心|法制|经侦|网安"
)
"""Police that do not answer for a neighbourhood: kept as points of interest."""
ALIASES = ("alt_name", "short_name", "old_name", "official_name", "name:zh", "loc_name", "name:zh-Hans")
HIGHEST_RESIDENTS = 100_000_000
_ALONG = ("addr:street", "addr:place", "addr:neighbourhood", "addr:hamlet")
_LONGEST_NUMBER = 20  # signs
_WIDEST = 5.0  # times the usual radius of its level: a shape drawn larger is drawn wrong


def level_of(tags: Mapping[str, str]) -> str | None:
    """The gazetteer level of a named thing, None if it is none of ours."""
    name = name_of(tags)
    place = PLACES.get(tags.get("place", ""))
    if place:
        return _settlement(name, place, tags)
    level = (
        AMENITIES.get(tags.get("amenity", ""))
        or SHOPS.get(tags.get("shop", ""))
        or TOURISM.get(tags.get("tourism", ""))
    )
    if level == "police" and NOT_A_STATION.search(name):
        return "poi"
    return level


def _settlement(name: str, place: str, tags: Mapping[str, str]) -> str:
    if place == "city" and name.endswith("市"):
        rank = tags.get("china_class", "")
        return "county" if rank == "county-level city" or tags.get("admin_level") == "6" else "city"
    if place in ("village", "hamlet") and name.endswith("市"):
        return place
    if ZONE.search(name) and not _is_county(tags):
        return "township"
    for ending, level in ENDINGS:
        if len(name) > 1 and ending.search(name):
            if level == "village" and place == "hamlet" and name.endswith("小区"):
                return "hamlet"
            small = (
                tags["place"] not in ("city", "county", "district", "suburb", "town") and level == "county"
            )
            return place if small else level
    return place


def _is_county(tags: Mapping[str, str]) -> bool:
    if tags.get("china_class", "") in {"new_area", "jiedao"}:
        return False
    return tags.get("admin_level") == "6" or tags["place"] in {"city", "county", "district", "municipality"}


def entry(
    code: str, tags: Mapping[str, str], lon: float, lat: float, extent_metres: float = 0.0
) -> dict[str, Any] | None:
    """A gazetteer row without its parent, None if the thing has no level, or neither name nor door.

    `extent_metres` is how far a thing drawn as a shape reaches from its point; 0 for a point.
    A thing with a house number is found by it too; one that has nothing else is a door.
    """
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        return None
    level, name, door = level_of(tags), name_of(tags), door_of(tags)
    if level is None or not name:
        if not door:
            return None
        made = row(code, door, "door", (lon, lat), tags)
        return made | {"aliases": _listed([name, *_aliases(tags, door)])}
    made = row(code, name, level, (lon, lat), tags)
    if extent_metres and level not in ("province", "city", "county"):
        widest = _WIDEST * RADIUS_METRES[level]
        made["radius_metres"] = min(max(extent_metres, RADIUS_METRES["door"]), widest)
    return made | {"aliases": _listed([*_aliases(tags, name), door])}


def door_of(tags: Mapping[str, str]) -> str:
    """House number on its street or in its village as one writes it, "" without both.

    >>> door_of({"addr:street": "中山大街", "addr:housenumber": "394"}), door_of({"addr:housenumber": "394"})
    ('中山大街394号', '')
    >>> door_of({"addr:street": "Main Street", "addr:housenumber": "7a"})
    '7a Main Street'
    """
    number = plain(tags.get("addr:housenumber", ""))
    along = next((text for key in _ALONG if (text := chinese_part(plain(tags.get(key, ""))))), "")
    if not number or not along or len(number) > _LONGEST_NUMBER or "|" in along + number:
        return ""
    if not re.search("[\u3400-\u9fff]", along):
        return f"{number} {along}"
    return along + (f"{number}号" if number[-1].isascii() else number)


def _listed(names: list[str]) -> str:
    return "|".join(dict.fromkeys(filter(None, names)))


def row(
    code: str, name: str, level: str, lonlat: tuple[float, float], tags: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """One row with `COLUMNS`, its parent still empty."""
    tags = tags or {}
    return {
        "code": code,
        "name": name,
        "level": level,
        "lon": lonlat[0],
        "lat": lonlat[1],
        "parent": "",
        "aliases": "|".join(_aliases(tags, name)),
        "residents": _residents(tags.get("population", "")),
        "radius_metres": RADIUS_METRES[level],
    }


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as the gazetteer's table, in a stable order, codes unique."""
    table = pd.DataFrame(rows, columns=COLUMNS)
    table = table.drop_duplicates("code").sort_values("code", kind="stable").reset_index(drop=True)
    kinds = {"lon": float, "lat": float, "residents": float, "radius_metres": float}
    return table.astype(kinds | {name: object for name in COLUMNS if name not in kinds})


def streets(network: Network) -> list[dict[str, Any]]:
    """One row a connected run of equally named edges, at the middle of its longest edge.

    Motorways and bare route numbers (G312) are no addresses and are left out.
    """
    named = np.flatnonzero((network.edge_name >= 0) & (network.edge_class != CLASSES.index("motorway")))
    if not len(named):
        return []
    name, edges = network.edge_name[named].astype(np.int64), len(named)
    joint = np.concatenate([network.edge_from[named], network.edge_to[named]]) * len(network.names)
    joint = np.unique(joint + np.tile(name, 2), return_inverse=True)[1].reshape(-1)
    size = edges + int(joint.max()) + 1
    link = coo_array((np.ones(2 * edges), (np.tile(np.arange(edges), 2), edges + joint)), shape=(size, size))
    run = connected_components(link.tocsr(), directed=False)[1][:edges]
    metres = network.edge_length_metres[named].astype(np.float64)
    total = np.bincount(run, metres)
    order = np.lexsort((-metres, run))
    longest = order[np.concatenate([[True], np.diff(run[order]) != 0])]
    rows = []
    for index in longest.tolist():
        text = str(network.names[name[index]])
        if re.fullmatch(r"[A-Z]{1,2}\d+[A-Z]?", text):
            continue
        shape = network.shape(int(named[index]))
        lon, lat = shape[len(shape) // 2] if len(shape) > 2 else shape.mean(axis=0)
        code = f"s{network.edge_osm_id[named[index]]}"
        made = row(code, text, "street", (float(lon), float(lat)))
        rows.append(made | {"radius_metres": max(50.0, float(total[run[index]]) / 2)})
    return rows


def _aliases(tags: Mapping[str, str], name: str) -> list[str]:
    found: list[str] = []
    for key in ALIASES:
        for part in re.split("[;；|]", tags.get(key, "")):
            text = chinese_part(plain(part)).replace("|", " ").lstrip(FORMULA_SIGNS)
            if text and text != name and text not in found:
                found.append(text)
    return found[:6]


def _residents(text: str) -> float:
    digits = re.sub(r"[ ,，_]", "", text[:40])
    if not re.fullmatch(r"\d+(\.\d+)?", digits):
        return math.nan
    value = float(digits)
    return value if value <= HIGHEST_RESIDENTS else math.nan
