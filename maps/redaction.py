"""A view with less of people in it: what is masked or moved here is nowhere in the file.

`none` leaves a view as it is. `mask` hides names, phone numbers and doors in every text; points
stay. `area` is for readers who must not find anyone: every place is moved to its village, or to
the middle of a cell of 500 metres, the road near it is cut off, and a card keeps what the case is
about but nothing of whom.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from dispatch.redact import HIDDEN, Redact, mask_address, mask_name, mask_phone
from maps.view import (
    Label,
    Lines,
    MapCase,
    MapChange,
    MapPlace,
    MapRoute,
    MapRow,
    MapStop,
    PlanView,
    Text,
)

CELL_METRES = 500.0
VILLAGE_METRES = 1_500.0
"""A place no farther than this from a village's point is moved there."""
METRES_PER_DEGREE = 111_195.0
KEPT_DIGITS = 2
"""Digits left of sums of money under `area`."""

_LONG_NUMBER = re.compile(r"\+?\d(?:[\s\-]?\d){6,}[xX]?")

Swept = Callable[[str], str]


def redacted(view: PlanView, how: Redact) -> PlanView:
    """The view as its readers may have it.

    Raises
    ------
    ValueError
        `how` is not one of the three.
    """
    if how == "none":
        return view
    if how not in ("mask", "area"):
        raise ValueError(f"redact is 'none', 'mask' or 'area', not {how!r}")
    rows = tuple(_row(row) for row in view.rows)
    warnings = tuple(_both(text, _numberless) for text in view.warnings)
    view = replace(view, rows=rows, warnings=warnings)
    cases = {case.id: case for case in view.cases}
    if how == "mask":
        return replace(
            view,
            cases=tuple(_masked(case) for case in view.cases),
            changes=tuple(_masked_change(one, cases) for one in view.changes),
        )
    moved = _moved(view)
    return replace(
        view,
        cases=tuple(_coarse(case, moved) for case in view.cases),
        responders=tuple(replace(one, phone="") for one in view.responders),
        routes=tuple(_coarse_route(route, cases, moved) for route in view.routes),
        changes=_coarse_changes(view),
    )


def _masked(case: MapCase) -> MapCase:
    sweep = _sweep(case)
    return replace(
        case,
        name=mask_name(case.name),
        phone=mask_phone(case.phone),
        address=mask_address(case.address),
        note=_numberless(sweep(case.note)),
        reasons=_all(case.reasons, sweep),
        left_out=case.left_out and _both(case.left_out, sweep),
        why=_all(case.why, sweep),
        obvious=case.obvious and _both(case.obvious, sweep),
        instruction=sweep(case.instruction),
        cadre_instruction=sweep(case.cadre_instruction),
        review=_all(case.review, sweep),
        places=tuple(_masked_place(place, sweep) for place in case.places),
    )


def _masked_place(place: MapPlace, sweep: Swept) -> MapPlace:
    label = mask_address(place.label) if _has_number(place.label) else place.label
    return replace(place, label=label, why=place.why and _both(place.why, sweep))


def _masked_change(change: MapChange, cases: dict[str, MapCase]) -> MapChange:
    """What is read out names no door as it is; a person's own name and phone are swept out of it too."""
    sentence = _both(change.sentence, _numberless)
    case = cases.get(change.case_id)
    return replace(change, sentence=_both(sentence, _sweep(case)) if case else sentence)


def _coarse_changes(view: PlanView) -> tuple[MapChange, ...]:
    """Changes where their places are shown, without their sentences: those name streets."""
    spots = [MapPlace(f"{number}", *one.point) for number, one in enumerate(view.changes)]
    moved = _moved_places(spots, view)
    return tuple(
        replace(one, point=(spot.lon, spot.lat), sentence=("", ""))
        for one, spot in zip(view.changes, moved.values(), strict=True)
    )


def _coarse(case: MapCase, moved: dict[str, MapPlace]) -> MapCase:
    sweep = _sweep(case, wholly=True)
    return replace(
        case,
        name="",
        phone="",
        address="",
        note="",
        amount_yuan=_rounded(case.amount_yuan),
        stake_yuan=_rounded(case.stake_yuan),
        price_yuan=None if case.price_yuan is None else _rounded(case.price_yuan),
        review_yuan=_rounded(case.review_yuan),
        reasons=_all(case.reasons, sweep),
        left_out=case.left_out and _both(case.left_out, sweep),
        why=(),
        obvious=None,
        instruction="",
        cadre_instruction="",
        review=(),
        places=tuple(moved[place.id] for place in case.places),
    )


def _moved(view: PlanView) -> dict[str, MapPlace]:
    """Every place by its id, where it may be shown."""
    return _moved_places([place for case in view.cases for place in case.places], view)


def _moved_places(places: Sequence[MapPlace], view: PlanView) -> dict[str, MapPlace]:
    """The places by their id, each where it may be shown; a point is moved the same way whatever it is of."""
    if not places:
        return {}
    villages = [label for label in view.basemap.labels if label.level in {"village", "hamlet"}]
    points = np.array([(place.lon, place.lat) for place in places])
    middle = _middle(view)
    near = _nearest(points, villages, middle)
    moved = {}
    for place, number in zip(places, near, strict=True):
        if number is None:
            lon, lat = _cell(place, middle)
            reach, name = CELL_METRES / math.sqrt(2), ""
        else:
            lon, lat = villages[number].lon, villages[number].lat
            reach, name = VILLAGE_METRES, villages[number].name
        moved[place.id] = replace(
            place,
            lon=lon,
            lat=lat,
            radius_metres=float(math.ceil(max(place.radius_metres, reach) / 100) * 100),
            label=name,
            why=None,
            links=(),
        )
    return moved


def _middle(view: PlanView) -> float:
    """The latitude that all cells of a view are laid out for."""
    lats = [place.lat for case in view.cases for place in case.places] or [
        one.point[1] for one in view.changes
    ]
    return float(np.mean(lats))


def _nearest(points: Lines, villages: Sequence[Label], middle: float) -> list[int | None]:
    """The village of each point, None where none is near."""
    if not villages:
        return [None] * len(points)
    metres = METRES_PER_DEGREE * np.array([math.cos(math.radians(middle)), 1.0])
    from scipy.spatial import cKDTree  # noqa: PLC0415 - only where places are moved

    tree = cKDTree(np.array([(one.lon, one.lat) for one in villages]) * metres)
    away, number = tree.query(points * metres, distance_upper_bound=VILLAGE_METRES)
    return [int(one) if math.isfinite(far) else None for far, one in zip(away, number, strict=True)]


def _cell(place: MapPlace, middle: float) -> tuple[float, float]:
    """The middle of the cell a place lies in; cells are the same for all of a view."""
    high = CELL_METRES / METRES_PER_DEGREE
    wide = high / math.cos(math.radians(middle))
    return (math.floor(place.lon / wide) + 0.5) * wide, (math.floor(place.lat / high) + 0.5) * high


def _coarse_route(route: MapRoute, cases: dict[str, MapCase], moved: dict[str, MapPlace]) -> MapRoute:
    """The route between moved places: no leg comes within a cell of a true one it serves."""
    stops: list[MapStop] = []
    before: list[MapPlace] = []
    for stop in route.stops:
        true = cases[stop.case_id].places
        ends = (before, true)
        leg = _cut(stop.leg, ends, _shown(stops, moved), moved.get(stop.place_id))
        metres = None if stop.leg_metres is None else float(round(stop.leg_metres, -3))
        stops.append(replace(stop, leg=leg, leg_metres=metres))
        before = list(true)
    home = _cut(route.home_leg, (before, ()), _shown(stops, moved), None)
    return replace(route, stops=tuple(stops), home_leg=home)


def _shown(stops: Sequence[MapStop], moved: dict[str, MapPlace]) -> MapPlace | None:
    return moved.get(stops[-1].place_id) if stops else None


def _cut(
    leg: Lines, ends: Iterable[Iterable[MapPlace]], start: MapPlace | None, end: MapPlace | None
) -> Lines:
    """A leg without its points near true places, from and to where the moved ones are."""
    if not len(leg):
        return leg
    far = np.ones(len(leg), bool)
    for place in (place for places in ends for place in places):
        metres = METRES_PER_DEGREE * np.array([math.cos(math.radians(place.lat)), 1.0])
        far &= np.hypot(*((leg - [place.lon, place.lat]) * metres).T) > CELL_METRES
    first = [] if start is None else [[start.lon, start.lat]]
    last = [] if end is None else [[end.lon, end.lat]]
    return np.array([*first, *leg[far], *last], float).reshape(-1, 2)


def _row(row: MapRow) -> MapRow:
    return replace(row, why=_both(row.why, _numberless))


def _sweep(case: MapCase, *, wholly: bool = False) -> Swept:
    """Puts masks where a case's own name, phone, address or doors stand in a text; `wholly`, nothing shows through."""
    masks: dict[str, str] = {}
    for label in (case.address, *(place.label for place in case.places)):
        if _has_number(label):
            masks[label] = mask_address(label)
    if len(case.name) > 1:
        masks[case.name] = mask_name(case.name)
    if case.phone:
        masks[case.phone] = mask_phone(case.phone)
        digits = re.sub(r"\D", "", case.phone)
        if len(digits) >= 7:
            masks[digits] = mask_phone(digits)
    # the longest first, so that no part of one is left beside a mask
    order = sorted(masks, key=len, reverse=True)
    if not order:
        return lambda text: text
    any_of = re.compile("|".join(re.escape(one) for one in order))
    return lambda text: any_of.sub(lambda found: HIDDEN if wholly else masks[found[0]], text)


def _numberless(text: str) -> str:
    """Text with every number of seven digits or more hidden."""
    return _LONG_NUMBER.sub(HIDDEN, text)


def _has_number(text: str) -> bool:
    return any(map(str.isnumeric, text))


def _both(text: Text, change: Swept) -> Text:
    return change(text[0]), change(text[1])


def _all(texts: Iterable[Text], change: Swept) -> tuple[Text, ...]:
    return tuple(_both(text, change) for text in texts)


def _rounded(yuan: float) -> float:
    """A sum with its first digits only: 123,456 → 120,000."""
    if not yuan or not math.isfinite(yuan):
        return yuan
    return float(round(yuan, KEPT_DIGITS - 1 - math.floor(math.log10(abs(yuan)))))
