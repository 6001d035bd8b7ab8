"""Invented people of the practice area: names, telephones, where they live and how an operator wrote it down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from practice.crews import PHONE
from practice.names import short

SURNAMES = "陈梁李黄林张杨吴刘何邓谢罗郑苏冯周朱江廖蔡谭车柯邵崔钟赖叶曾彭刁丘戴潘麦卢莫余许韦赵徐孙伍温龙甘吕凌关区易古黎丁"
GIVEN = (
    "明华建国志强伟军丽芳秀英文辉小玲海燕家豪美珍永康春梅金水玉兰国栋俊杰雪莹晓东桂花德胜少芬子轩思琪天佑柏霖雅婷润生锦添月娥火生木荣"
    "亚妹观生日新振邦佩仪嘉欣浩然梓涵冠宇艺洪亮凤仪满堂庆余"
)
URBAN = ("居委会", "居民委员会", "社区")


@dataclass(frozen=True)
class Spot:
    """A point (WGS-84) and an address as written, of a kind a location source names."""

    source: str
    lon: float
    lat: float
    address: str
    radius_metres: int
    level: str


@dataclass(frozen=True)
class Person:
    """Somebody with a telephone and a home."""

    name: str
    phone: str
    county: str
    home: Spot


class Town:
    """The gazetteer, asked for people and places; `rng` decides everything."""

    def __init__(self, gazetteer: pd.DataFrame, rng: np.random.Generator) -> None:
        self.rng, self.people = rng, 0
        frame = gazetteer.assign(lon=gazetteer["lon"].astype(float), lat=gazetteer["lat"].astype(float))
        self.name = dict(zip(frame["code"], frame["name"], strict=True))
        self.parent = dict(zip(frame["code"], frame["parent"], strict=True))
        self.villages = frame[frame["level"] == "village"].reset_index(drop=True)
        lives = self.villages["residents"].astype(float).to_numpy()
        self.share = lives / lives.sum()
        streets = frame[(frame["level"] == "street") & ~frame["name"].str.endswith(("道", "高速"))]
        self.streets = {town: part.reset_index(drop=True) for town, part in streets.groupby("parent")}
        self.of_level = {
            level: frame[frame["level"] == level].reset_index(drop=True)
            for level in ("hotel", "market", "bank", "school", "hospital")
        }

    def person(self) -> Person:
        """A new person, as likely in each village as it has residents."""
        rng = self.rng
        village = self.villages.iloc[int(rng.choice(len(self.villages), p=self.share))]
        given = "".join(GIVEN[int(i)] for i in rng.integers(0, len(GIVEN), 1 if rng.random() < 0.17 else 2))
        name = SURNAMES[int(len(SURNAMES) * rng.random() ** 1.9)] + given
        self.people += 1
        if self.people > 7000:
            raise ValueError("the practice telephones for people are used up: 1900000 0000 to 6999")
        return Person(name, f"{PHONE}{self.people - 1:04d}", village["code"][:6], self.home(village))

    def home(self, village: pd.Series, source: str = "home") -> Spot:
        """A door in a village, or on a street of a town's community."""
        rng, town = self.rng, village["parent"]
        urban = str(village["name"]).endswith(URBAN) and town in self.streets
        if urban and rng.random() < 0.75:
            streets = self.streets[town]
            away = np.hypot(streets["lon"] - village["lon"], streets["lat"] - village["lat"])
            street = streets.iloc[
                int(np.argsort(away.to_numpy(), kind="stable")[int(rng.integers(0, min(6, len(streets))))])
            ]
            text = self._street_address(town, str(street["name"]))
            lon, lat = self._near(
                street["lon"], street["lat"], min(float(street["radius_metres"]), 350.0) * 0.7
            )
            return Spot(source, lon, lat, text, 60, "street")
        lon, lat = self._near(village["lon"], village["lat"], float(village["radius_metres"]) * 0.45)
        return Spot(source, lon, lat, self._village_address(village), 80, "village")

    def elsewhere(self, person: Person, source: str) -> Spot:
        """A hotel, a place of work, a relative's home or the phone's whereabouts, mostly in the same county."""
        rng = self.rng
        if source == "relative":
            near = self.villages[self.villages["code"].str.startswith(person.county)]
            return self.home(near.iloc[int(rng.integers(0, len(near)))], "relative")
        if source == "fix":
            reach = 900.0 if rng.random() < 0.6 else 6000.0
            lon, lat = self._near(person.home.lon, person.home.lat, reach)
            return Spot("fix", lon, lat, "", int(rng.choice([100, 200, 300, 500, 800, 1200])), "fix")
        levels = ["hotel"] if source == "hotel" else ["market", "bank", "school", "hospital"]
        table = self.of_level[levels[int(rng.integers(0, len(levels)))]]
        near = table[table["parent"].str.startswith(person.county)]
        at = near.iloc[int(rng.integers(0, len(near)))]
        room = f"{int(rng.integers(2, 19))}{int(rng.integers(1, 30)):02d}房" if source == "hotel" else ""
        text = self.name[at["parent"][:6]] + self.name[at["parent"]] + str(at["name"]) + room
        return Spot(source, at["lon"], at["lat"], text, 60, "poi")

    def _near(self, lon: float, lat: float, metres: float) -> tuple[float, float]:
        """A point up to `metres` away."""
        away, angle = metres * np.sqrt(self.rng.random()), self.rng.uniform(0, 2 * np.pi)
        north = away * np.cos(angle) / 111_195.0  # metres a degree of latitude
        east = away * np.sin(angle) / (111_195.0 * np.cos(np.radians(lat)))
        return round(float(lon + east), 6), round(float(lat + north), 6)

    def _village_address(self, village: pd.Series) -> str:
        rng, town = self.rng, village["parent"]
        county, core = self.parent[town], short(str(village["name"]))
        door = f"{int(rng.integers(1, 189))}号"
        spoken = (
            core if core.endswith("村") else core + ("社区" if str(village["name"]).endswith(URBAN) else "村")
        )
        style = rng.random()
        if style < 0.42:
            return f"广东省茂名市{self.name[county]}{self.name[town]}{spoken}{door}"
        if style < 0.66:
            return f"{self.name[county]}{self.name[town]}{village['name']}{door}"
        if style < 0.84:
            return (
                f"茂名{self.name[county][:-1]}{self.name[town]}{spoken}{door if rng.random() < 0.5 else ''}"
            )
        if style < 0.95:
            return f"{self.name[county][:-1]}{short(self.name[town])}{spoken}"
        return f"{self.name[town]}{spoken}{door}"

    def _street_address(self, town: str, street: str) -> str:
        rng, county = self.rng, self.name[self.parent[town]]
        door = f"{int(rng.integers(1, 260))}号"
        flat = f"{int(rng.integers(1, 19))}栋{int(rng.integers(2, 29))}{int(rng.integers(1, 5)):02d}房"
        style = rng.random()
        if style < 0.5:
            return f"广东省茂名市{county}{self.name[town]}{street}{door}{flat if rng.random() < 0.5 else ''}"
        if style < 0.85:
            return f"{county}{self.name[town]}{street}{door}"
        return f"{county[:-1]}{short(self.name[town])}{street}{door}"
