"""What OpenStreetMap's tags say of a way: its class, who may use it which way, its signed limit.

References
----------
OpenStreetMap wiki: Key:highway, Key:access, Key:oneway, Key:barrier (2024).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dispatch.roads.limits import signed_kmh
from dispatch.roads.network import BACKWARD, CLASSES, FORWARD

CLASS_OF = {name: name for name in CLASSES if name != "ferry"} | {
    "motorway_link": "motorway",
    "trunk_link": "trunk",
    "primary_link": "primary",
    "secondary_link": "secondary",
    "tertiary_link": "tertiary",
    "road": "unclassified",
    "pedestrian": "footway",
    "cycleway": "path",
    "bridleway": "path",
    "crossing": "footway",
}
ROUNDABOUTS = ("roundabout", "circular")
FORMULA_SIGNS = "=+-@＝＋－＠ "
"""No place is called so, and a spreadsheet that opens the area's tables would compute it."""
NOT_BUILT = {"construction", "proposed", "planned", "abandoned", "razed", "disused", "demolished"}
CLOSED = {
    "no",
    "private",
    "agricultural",
    "forestry",
    "military",
    "emergency",
    "psv",
    "bus",
    "none",
    "use_sidepath",
}
OPEN = {
    "yes", "designated", "permissive", "destination", "official", "customers", "delivery", "public",
    "permit",
}  # fmt: skip
TAGS_OF = {
    "car": ("motorcar", "motor_vehicle", "vehicle", "access"),
    "motorcycle": ("motorcycle", "motor_vehicle", "vehicle", "access"),
    "foot": ("foot", "access"),
}
"""Access tags by profile, the most particular first."""

USUALLY = {
    "car": set(CLASSES) - {"path", "footway", "steps"},
    "motorcycle": set(CLASSES) - {"motorway", "footway", "steps"},
    "foot": set(CLASSES) - {"motorway"},
}
"""Classes a profile may use where no tag says otherwise; cycleways are for none but feet."""

STOPS_CARS = {
    "bollard", "block", "cycle_barrier", "motorcycle_barrier", "chain", "kerb", "stile", "turnstile",
    "kissing_gate", "log", "debris", "jersey_barrier", "planter", "full-height_turnstile", "horse_stile",
    "bus_trap", "sump_buster", "barrier_board", "yes",
}  # fmt: skip
STOPS_ALL = {"wall", "fence", "hedge", "retaining_wall", "city_wall", "ditch", "guard_rail", "handrail"}
LETS_MOTORCYCLES = {"bollard", "planter", "kerb", "bus_trap", "sump_buster"}


@dataclass(frozen=True, slots=True)
class Road:
    """A way as the network needs it; `access` holds bits of `FORWARD` and `BACKWARD`."""

    road_class: int
    access: int
    maxspeed_kmh: float
    name: str
    unreadable_speed: bool = False
    roundabout: bool = False


def read_road(tags: Mapping[str, str]) -> Road | str:
    """The road a way's tags describe, or the name under which it counts as dropped."""
    kind = tags.get("highway", "")
    road_class = "ferry" if tags.get("route") == "ferry" and not kind else CLASS_OF.get(kind)
    if kind in NOT_BUILT or (road_class and tags.get("impassable") == "yes"):
        return "ways_not_built"
    if road_class is None:
        return "ways_not_roads"
    if road_class in ("path", "footway") and _says(tags, "car") in OPEN - {"permit", "official"}:
        explicit = any(tags.get(key) in OPEN for key in ("motorcar", "motor_vehicle"))
        road_class = "service" if explicit else road_class
    access = _access(tags, road_class, cycleway=kind == "cycleway")
    if not access:
        return "ways_without_access"
    limit = signed_kmh(tags)
    return Road(
        CLASSES.index(road_class),
        access,
        np.nan if limit is None else limit,
        name_of(tags) or tags.get("ref", "").split(";")[0].strip(),
        limit is None,
        tags.get("junction") in ROUNDABOUTS,
    )


def barrier_access(tags: Mapping[str, str]) -> int:
    """Bits of the profiles that may pass a barrier standing on a way."""
    barrier, access = tags.get("barrier", ""), 0
    for profile in FORWARD:
        said = _says(tags, profile)
        passes = (
            barrier not in STOPS_ALL
            and tags.get("locked") != "yes"
            and (
                profile == "foot"
                or barrier not in STOPS_CARS
                or (profile == "motorcycle" and barrier in LETS_MOTORCYCLES)
            )
        )
        if said in CLOSED:
            passes = False
        elif said in OPEN:
            passes = True
        access |= (FORWARD[profile] | BACKWARD[profile]) * passes
    return access


def name_of(tags: Mapping[str, str]) -> str:
    """The local name, cleaned of control characters and cut to a sane length; "" if none."""
    for key in ("name", "name:zh", "official_name"):
        text = chinese_part(plain(tags.get(key, ""))).lstrip(FORMULA_SIGNS)
        if text:
            return text
    return ""


def chinese_part(name: str) -> str:
    """A Chinese name without the same name in another script, which maps set behind it or before.

    Numbers, initials and brands stay: they are part of the name.

    >>> chinese_part("洪埠乡 Hongbu"), chinese_part("亳州市 / Bozhou"), chinese_part("田家庵区 (Tianjia'an)")
    ('洪埠乡', '亳州市', '田家庵区')
    >>> chinese_part("沪渝高速 G50"), chinese_part("JAC大道"), chinese_part("肯德基 KFC"), chinese_part("Main Street")
    ('沪渝高速 G50', 'JAC大道', '肯德基 KFC', 'Main Street')
    """
    if name.isascii() or not (split := _TWO_SCRIPTS.fullmatch(name)):
        return name
    before, chinese, after = split[1].strip(_JOINTS), split[2], split[3].strip(_JOINTS)
    if len(chinese) < 2 or any(part and not _SAME_ELSEWHERE.fullmatch(part) for part in (before, after)):
        return name
    return name if before and before.isascii() and not _UNIT.search(chinese) else chinese


_JOINTS = " /／()（）-–,，;；|·"
_TWO_SCRIPTS = re.compile(
    r"((?:[^\u3040-\u30ff\u3400-\u9fff]*[\s/／)）])?)"
    r"([\u3040-\u30ff\u3400-\u9fff](?:.*[\u3040-\u30ff\u3400-\u9fff])?[)）]?)"
    r"((?:[\s/／(（][^\u3040-\u30ff\u3400-\u9fff]*)?)"
)
_SAME_ELSEWHERE = re.compile(r"(?=.*[^\W\dA-Z_])\D{2,}")
"""Words in another script: no digits, and not capitals alone (G50, KFC)."""
_UNIT = re.compile("(省|市|县|区|旗|镇|乡|街道|村|社区)$")


def plain(text: str) -> str:
    """One line of printable text, at most 100 characters."""
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text[:400])
    return " ".join(kept.split())[:100]


def _says(tags: Mapping[str, str], profile: str, side: str = "") -> str | None:
    """The access tag that decides for a profile; of one direction with `side` ``:forward``."""
    for key in TAGS_OF[profile]:
        if key + side in tags:
            return tags[key + side].split(";")[0].strip()
    return None


def _access(tags: Mapping[str, str], road_class: str, *, cycleway: bool) -> int:
    access = 0
    for profile in FORWARD:
        said = _says(tags, profile)
        allowed = road_class in USUALLY[profile] and not (cycleway and profile != "foot")
        if profile == "foot" and tags.get("motorroad") == "yes":
            allowed = False
        if said in CLOSED:
            allowed = False
        elif said in OPEN and any(key in tags for key in TAGS_OF[profile][:-1]):
            allowed = True  # a plain access=yes does not put cars on footpaths
        if allowed:
            ahead, back = _directions(tags, profile)
            ahead &= _says(tags, profile, ":forward") not in CLOSED
            back &= _says(tags, profile, ":backward") not in CLOSED
            access |= FORWARD[profile] * ahead | BACKWARD[profile] * back
    return access


def _directions(tags: Mapping[str, str], profile: str) -> tuple[bool, bool]:
    """Whether a profile may go as drawn, and against it."""
    if profile == "foot":
        value = tags.get("oneway:foot", "no")
    else:
        value = tags.get("oneway", "")
        for key in ("oneway:vehicle", "oneway:motor_vehicle", f"oneway:{_KEY[profile]}"):
            value = tags.get(key, value)
        implied = tags.get("junction") in ROUNDABOUTS or tags.get("highway") == "motorway"
        value = value or ("yes" if implied else "no")
    if value in ("yes", "true", "1"):
        return True, False
    if value in ("-1", "reverse"):
        return False, True
    if value == "reversible":  # its hours are not known to us
        return False, False
    return True, True


_KEY = {"car": "motorcar", "motorcycle": "motorcycle"}
