"""How often a reading of an address is right, by what speaks for it: a logistic model fitted on labelled addresses."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from dispatch.places.gazetteer import ADMIN, LEVELS
from dispatch.places.index import NameIndex
from dispatch.places.settings import Slip
from dispatch.places.text import ROAD_OR_BUILDING, core
from dispatch.places.weigh import Weighed

_COUNTY, _TOWNSHIP, _HAMLET = (ADMIN.index(level) for level in ("county", "township", "hamlet"))
_COUNTED = re.compile(r"[0-9a-z]+|(?:号|弄|巷|第|村民小组|小组|[组队栋幢座楼层室房门铺院排之])+")
_HOUSE = re.compile(
    "|".join((*ROAD_OR_BUILDING, "派出所", "卫生院", "支行", "店", "商会", "宿舍", "厂", "超市", "快递"))
)
_NAME_LIKE = re.compile(r"[\u4e00-\u9fff]{2}")

Features = dict[str, float]
"""What holds of a reading, by name; 1.0 for what simply holds."""


def kind_of(level: str) -> str:
    """The part of the model a level belongs to: upper units, towns, settlements, things in them."""
    rank = LEVELS.index(level)
    if rank <= _COUNTY:
        return "county"
    return "township" if rank == _TOWNSHIP else "settlement" if rank <= _HAMLET else "thing"


def plain_features(
    level: str, slip: Slip | Literal[""], *, slip_above: bool, bare: bool, signs: int
) -> Features:
    """Of an entry named in so many signs with its county and its town and nothing else, all in order."""
    found: Features = {kind_of(level): 1.0}
    if bare and kind_of(level) == "settlement":
        found["bare"] = 1.0
    if slip and slip_above:
        found["slip_above"] = 1.0
    elif slip:
        found |= {f"slip_{slip}": 1.0, "slip_signs": _signs(signs)}
    return found


class Besides(NamedTuple):
    """What a text says besides an entry.

    `foreign`: a place outside is named too; `unknown`: a town nobody knows is; `joined`: a sign
    that nothing explains stands right before its name; `rest`: all such signs; `rivals`: others may be meant.
    """

    foreign: bool
    unknown: bool
    joined: bool
    rest: str
    rivals: bool


def features(index: NameIndex, one: Weighed, text: Besides) -> Features:
    """Of a weighed entry and what its text says besides."""
    leaf, kind = one.taken[0], kind_of(index.gazetteer.level[one.row])
    above = _above(kind, one)
    found: Features = {kind: 1.0}
    applies = {
        f"{kind}_{above}": above != "all",
        (f"bare_{above}" if above != "all" else "bare"): not leaf.suffixed and kind != "county",
        f"{kind}_rest": kind != "settlement" and _names_more(text.rest),
        f"rivals_{above}": text.rivals,
        "foreign": text.foreign, "unknown_unit": text.unknown, "cut_out": one.cut_out, "hinted": one.hinted,
        "joined": text.joined, "joined_slip": text.joined and bool(leaf.wrong),
        "part": leaf.part, "slip_above": any(other.wrong for other in one.taken[1:]),
        "against_slip": bool(one.against and leaf.wrong),
        **{f"against_{conflict}": True for conflict in one.against},
    }  # fmt: skip
    found.update(dict.fromkeys((name for name, holds in applies.items() if holds), 1.0))
    if leaf.wrong:
        found |= {f"slip_{leaf.wrong}": 1.0, "slip_signs": _signs(leaf.end - leaf.start)}
        if above != "all":
            found[f"slip_{above}"] = 1.0
    if "township" in one.against:
        found["against_bearers"] = math.log(len(index.rows.get(core(index.plain[one.row], "village"), (0,))))
    return found


def _names_more(rest: str) -> bool:
    """Whether what is left of a text may name a settlement: signs that are no door, road or house."""
    return _NAME_LIKE.search(_COUNTED.sub("", rest)) is not None and _HOUSE.search(rest) is None


def _above(kind: str, one: Weighed) -> str:
    """Which of the units above a place are named: all that tell, one only, or none."""
    if (
        kind == "county"
        or {"county", "township"} <= one.said
        or (kind == "township" and "county" in one.said)
    ):
        return "all"
    if "township" in one.said:
        return "township_only"
    return "county_only" if "county" in one.said else "alone"


def _signs(length: int) -> float:
    """Of a name with a slip and its suffix, signs above three: the longer, the less it is chance."""
    return min(length, 6) - 3.0


def sureness(found: Features, weights: Mapping[str, float]) -> float:
    """How often (0 to 1) readings of these features are right; a feature without a weight counts for nothing."""
    odds = sum(value * weights.get(name, 0.0) for name, value in found.items())
    return 1.0 / (1.0 + math.exp(-odds))
