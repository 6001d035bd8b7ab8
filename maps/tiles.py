"""Online tiles under a map, for those who want them: off unless asked for, since they tell a server where one looks.

The data of a map stay WGS-84; a layer in another datum is moved tile by tile in the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from dispatch.errors import BadInput


@dataclass(frozen=True, slots=True)
class Tiles:
    """Layers of tiles of one provider.

    `addresses` are templates with `{z}`, `{x}`, `{y}`, `{s}` (one of `servers`) and `{key}`,
    drawn over each other; `datum` is WGS84, CGCS2000, GCJ02 or BD09. `key_variable` names the
    environment variable the key is in, empty where none is needed.
    """

    name: str
    title: tuple[str, str]
    addresses: tuple[str, ...]
    datum: str
    attribution: str
    servers: str = ""
    largest_zoom: int = 18
    key_variable: str = ""

    def hosts(self) -> tuple[str, ...]:
        """What the page's policy must allow images from."""
        first = (address.split("/{", 1)[0] for address in self.addresses)
        roots = ("/".join(address.split("/", 3)[:3]) for address in first)
        spread = [root.replace("{s}", one) for root in roots for one in (self.servers or " ")]
        return tuple(dict.fromkeys(spread))

    def payload(self) -> dict[str, Any]:
        """What the page draws them from."""
        return {
            "name": self.name,
            "title": self.title,
            "addresses": list(self.addresses),
            "datum": self.datum,
            "attribution": self.attribution,
            "servers": self.servers,
            "largest_zoom": self.largest_zoom,
            "hosts": list(self.hosts()),
        }


_TIANDITU = (
    "https://t{s}.tianditu.gov.cn/%s_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=%s&STYLE=default"
    "&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk={key}"
)

PROVIDERS: Mapping[str, Tiles] = MappingProxyType(
    {
        one.name: one
        for one in (
            Tiles(
                "amap",
                ("高德地图", "AMap"),
                (
                    "https://webrd0{s}.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={x}&y={y}&z={z}",
                ),
                "GCJ02",
                "© 高德地图 AMap",
                servers="1234",
            ),
            Tiles(
                "tianditu",
                ("天地图", "Tianditu"),
                (_TIANDITU % ("vec", "vec"), _TIANDITU % ("cva", "cva")),
                "CGCS2000",
                "© 国家地理信息公共服务平台 天地图",
                servers="01234567",
                key_variable="TIANDITU_KEY",
            ),
            Tiles(
                "osm",
                ("OpenStreetMap", "OpenStreetMap"),
                ("https://tile.openstreetmap.org/{z}/{x}/{y}.png",),
                "WGS84",
                "© OpenStreetMap contributors",
            ),
        )
    }
)
"""Who can be asked for, with the datum their tiles are in."""


def online_tiles(name: str, environment: Mapping[str, str]) -> Tiles:
    """A provider's tiles, its key put in. The key then stands in the file for all its readers.

    Raises
    ------
    BadInput
        Nobody of that name, or its key is not in the environment.
    """
    if name not in PROVIDERS:
        raise BadInput(f"--tiles: found {name!r}, expected one of {', '.join(PROVIDERS)}")
    tiles = PROVIDERS[name]
    if not tiles.key_variable:
        return tiles
    key = environment.get(tiles.key_variable, "").strip()
    if not key:
        raise BadInput(
            f"--tiles {name} needs a key: put it into the environment variable {tiles.key_variable}"
        )
    return replace(
        tiles, addresses=tuple(address.replace("{key}", quote(key, safe="")) for address in tiles.addresses)
    )
