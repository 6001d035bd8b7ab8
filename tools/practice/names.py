"""The gazetteer of the practice area: official units, invented stations and places, streets of the drawn towns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from practice.chains import Roads
from practice.land import Land, Points, to_lonlat
from practice.seats import CITIES
from practice.settle import COMMUNITY, Settled

COLUMNS = ["code", "name", "level", "lon", "lat", "parent", "aliases", "residents", "radius_metres"]
OFFICES = ("社区居民委员会", "社区居委会", "村民委员会", "居民委员会", "村委会", "居委会", "社区")
BANKS = ("高凉银行", "惠民银行", "海滨合作银行")
HOTELS = tuple(
    """
    云锦 海悦 荔晶 金鹿 星河 南湾 鑫源 悦来 聚龙 凯盛 碧湖 华庭 丽景 嘉年 万福 名都
    朗晴 山水 逸品 天悦 东尚 福临 佳和 银海 锦江源 龙腾 宝丽 晨曦 怡景 维港
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Corners:
    """Street corners (a point and the streets that meet there) by township row."""

    xy: Points
    street: list[str]
    of_town: list[NDArray[np.int64]]


@dataclass
class _Book:
    rows: list[tuple[object, ...]]
    serial: dict[str, int]

    def add(self, code: str, name: str, level: str, xy: Points, *, parent: str, radius: float,
            aliases: str = "", residents: float | None = None) -> None:  # fmt: skip
        lon, lat = to_lonlat(np.asarray(xy, float)[None])[0]
        people = "" if residents is None else f"{residents:.0f}"
        self.rows.append(
            (code, name, level, f"{lon:.6f}", f"{lat:.6f}", parent, aliases, people, f"{radius:.0f}")
        )

    def next(self, letter: str) -> str:
        self.serial[letter] = self.serial.get(letter, 0) + 1
        return f"{letter}{self.serial[letter]:05d}"


def short(name: str) -> str:
    """A township's or village's name as people say it: 水东街道 -> 水东, 彭村村委会 -> 彭村."""
    for ending in (*OFFICES, "街道", "镇"):
        if name.endswith(ending) and len(name) - len(ending) >= 2:
            return name[: -len(ending)]
    return name.removeprefix("信宜市国营")


def find_corners(land: Land, roads: Roads) -> Corners:
    """Street corners of each township, with a street each."""
    name_at: dict[int, str] = {}
    for (a, b), name in zip(roads.ends, roads.name, strict=True):
        if name and name[0].isalpha() and not name.endswith(("道", "速", "口")):
            name_at.setdefault(a, name)
            name_at.setdefault(b, name)
    nodes = np.array(sorted(name_at))
    xy = np.array(roads.nodes)[nodes]
    inside = [
        np.flatnonzero(shapely.contains_xy(polygon, xy[:, 0], xy[:, 1])) for polygon in land.towns["polygon"]
    ]
    return Corners(xy, [name_at[int(node)] for node in nodes], inside)


def build_gazetteer(land: Land, settled: Settled, roads: Roads, seed: int = 51) -> pd.DataFrame:
    """All rows of gazetteer.csv, as text."""
    rng = np.random.default_rng(seed)
    book, corners = _Book([], {}), find_corners(land, roads)
    share = _residents(land, rng)
    _add_units(book, land, settled, share)
    _add_streets(book, land, roads)
    for town in range(len(land.towns)):
        _add_places(book, land, settled, corners, town=town, rng=rng)
    return pd.DataFrame(book.rows, columns=COLUMNS, dtype="str")


def _residents(land: Land, rng: np.random.Generator) -> NDArray[np.float64]:
    """Each village's share of its county's residents: communities hold more than villages."""
    urban = land.villages["name"].str.endswith(COMMUNITY).to_numpy()
    weight = np.where(urban, 2.1, 1.0) * rng.lognormal(0.0, 0.35, len(urban))
    weight = np.where(land.villages["name"].str.endswith("生活区"), 0.5, weight)
    by_county = pd.Series(weight).groupby(land.villages["county_code"]).transform("sum").to_numpy()
    county = land.villages["county_code"].map(land.residents).to_numpy(float)
    return np.asarray(np.round(county * weight / by_county, -1))


def _add_units(book: _Book, land: Land, settled: Settled, share: NDArray[np.float64]) -> None:
    towns, villages = land.towns, land.villages
    seat = {code: row[["x", "y"]].to_numpy(float) for code, row in towns.set_index("code").iterrows()}
    centre = {county: seat[code] for code, (county, _) in CITIES.items()}
    city = centre["440902"]
    book.add("440000", "广东省", "province", city, parent="", radius=300_000, aliases="广东|粤")
    total = sum(people for county, people in land.residents.items() if county != "440900")
    book.add("440900", "茂名市", "city", city, parent="440000", radius=_reach(land.whole.area), aliases="茂名",
             residents=total)  # fmt: skip
    for code, name, polygon in land.counties.itertuples(index=False):
        lives = land.residents[code]
        book.add(code, name, "county", centre[code], parent="440900", radius=_reach(polygon.area), aliases=name[:-1],
                 residents=lives)  # fmt: skip
    people = pd.Series(share).groupby(villages["township_code"]).sum()
    for row in towns.itertuples():
        aliases = short(row.name) if short(row.name) != row.name else ""
        book.add(row.code, row.name, "township", seat[row.code], parent=row.county_code,
                 radius=_reach(row.polygon.area), aliases=aliases, residents=float(people.get(row.code, 0.0)))  # fmt: skip
    area = dict(zip(towns["code"], (polygon.area for polygon in towns["polygon"]), strict=True))
    count = villages.groupby("township_code").size()
    for row, xy, lives in zip(villages.itertuples(), settled.village_xy, share, strict=True):
        core = short(row.name)
        aliases = [core] if core != row.name else []
        if row.name.endswith("村委会"):
            aliases.append(core + "村")
        if row.name.endswith(("居委会", "居民委员会")) and not row.name.endswith(core + "社区"):
            aliases.append(core + "社区")
        radius = float(np.clip(_reach(area[row.township_code] / count[row.township_code]) * 0.8, 200, 1300))
        book.add(row.code, row.name, "village", xy, parent=row.township_code, radius=radius, aliases="|".join(aliases),
                 residents=lives)  # fmt: skip


def _reach(square_metres: float) -> float:
    return float(np.sqrt(square_metres / np.pi))


def _add_streets(book: _Book, land: Land, roads: Roads) -> None:
    """A row per street name and township, at the street's edge nearest its middle there."""
    middles = np.array([line[len(line) // 2] if len(line) > 2 else line.mean(axis=0) for line in roads.lines])
    named = np.array([bool(name) and not name.endswith(("出口", "入口", "匝道")) for name in roads.name])
    for town in land.towns.itertuples():
        here = np.flatnonzero(named & shapely.contains_xy(town.polygon, middles[:, 0], middles[:, 1]))
        streets: dict[str, list[int]] = {}
        for edge in here:
            streets.setdefault(roads.name[edge], []).append(int(edge))
        for name in sorted(streets):
            points = middles[streets[name]]
            away = np.hypot(*(points - points.mean(axis=0)).T)
            spread = float(np.hypot(*(points - points[away.argmin()]).T).max())
            book.add(book.next("s"), name, "street", points[away.argmin()], parent=town.code,
                     radius=max(80.0, spread + 60.0))  # fmt: skip


def _add_places(
    book: _Book, land: Land, settled: Settled, corners: Corners, *, town: int, rng: np.random.Generator
) -> None:
    """Station, schools, clinics, markets, banks and hotels of one township, beside its streets."""
    row = land.towns.iloc[town]
    own, city = short(row["name"]), row["code"] in CITIES
    sites = _sites(land, settled, corners, town=town, rng=rng)
    plan = [
        ("police", "p", f"{own}派出所"),
        ("school", "e", f"{own}中学"),
        ("school", "e", f"{own}中心小学"),
        ("hospital", "h", f"{own}卫生院"),
        ("market", "m", f"{own}市场"),
        ("bank", "b", f"{BANKS[town % 3]}{own}支行"),
    ]
    villages = int(row["villages"])
    plan += [("bank", "b", f"{BANKS[(town + 1) % 3]}{own}分理处")] if villages > 11 else []
    plan += [("market", "m", f"{own}农贸综合市场")] if villages > 17 else []
    plan += [("hotel", "l", f"{HOTELS[(town * 7) % 30]}{own}宾馆")] if villages > 3 else []
    if city:
        county = row["county"]
        plan = [("police", "p", f"{county}公安{'分' if county.endswith('区') else ''}局"), *plan]
        plan += [("hospital", "h", f"{county}{kind}") for kind in ("人民医院", "中医院", "妇幼保健院")]
        plan += [("school", "e", f"{county}第{n}中学") for n in "一二三"]
    if city or str(row["name"]).endswith("街道"):
        some = [HOTELS[int(one)] for one in rng.permutation(30)[: 14 if city else 4]]
        plan += [
            ("hotel", "l", f"{name}{('大酒店', '酒店', '商务宾馆')[i % 3]}") for i, name in enumerate(some)
        ]
        plan += [("bank", "b", f"{bank}{own}营业部") for bank in BANKS]
    for (level, letter, name), site in zip(plan, sites, strict=False):
        radius = 60.0 if level in {"police", "bank", "hotel"} else 120.0
        book.add(book.next(letter), name, level, site, parent=row["code"], radius=radius)


def _sites(
    land: Land, settled: Settled, corners: Corners, *, town: int, rng: np.random.Generator
) -> Iterator[Points]:
    """Points a few metres off the township's street corners, the nearest to its seat first; never ends."""
    row = land.towns.iloc[town]
    seat = row[["x", "y"]].to_numpy(float)
    rows = np.flatnonzero((land.villages["township_code"] == row["code"]).to_numpy())
    xy = corners.xy[corners.of_town[town]]
    if len(xy) < 4:
        xy = np.vstack([xy, settled.village_xy[rows], seat[None]])
    order = np.argsort(np.hypot(*(xy - seat).T) * rng.uniform(0.5, 1.5, len(xy)), kind="stable")
    while True:
        for corner in xy[order]:
            for _ in range(8):
                site = np.round(corner + rng.uniform(-38, 38, 2), 1)
                if row["polygon"].contains(shapely.Point(site)):
                    yield site
                    break
