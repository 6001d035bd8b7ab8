"""`sheets.json.gz`: what the sheets of a plan need that `plan.json` does not hold, kept beside it.

The ways with their turns in both languages, names of places, duty phones, why not the obvious one, and the lines a
centre says at the door. Ways are named by where they lead from and to, so what of an edited plan is driven as
before is still told turn by turn.
"""

from __future__ import annotations

import gzip
import json
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from dispatch.domain import Plan, Problem, Route
from dispatch.errors import BadInput, SchemaError
from dispatch.planfile import PlanFile, read_plan
from dispatch.reasons import Language, Reason
from dispatch.sheets.book import NO_LINE, SheetBook, Turn
from dispatch.sheets.compiling import OTHER, PersonLike, Way, book_of
from dispatch.sheets.scripts import load_scripts

FILE = "sheets.json.gz"
SCHEMA = 1
DEGREES = 1e5
"""Lines are kept in whole hundred-thousandths of a degree, about a metre, each point from the one before."""
MOST_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What stands beside the plan. `legs` by stop id and ``<responder id>/home``, told in `language`.

    `instead` is by stop id; `scripts` what a centre's settings lay over the bundled ones.
    """

    legs: Mapping[str, Way] = field(default_factory=dict)
    language: Language = "zh"
    names: Mapping[str, str] = field(default_factory=dict)
    phones: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, Reason] = field(default_factory=dict)
    scripts: Mapping[str, Any] = field(default_factory=dict)


def write_beside(kept: Kept, problem: Problem, plan: Plan, folder: Path) -> None:
    """Write `sheets.json.gz` into an existing folder; the same plan gives the same bytes."""
    keys = _keys(problem, plan)
    codes = {code for case in problem.cases for place in case.places for code in place.codes}
    value = {
        "schema": SCHEMA,
        "plan_id": plan.id,
        "ways": {
            keys[one]: _way_to_json(way, kept.language) for one, way in kept.legs.items() if one in keys
        },
        "names": {code: name for code, name in sorted(kept.names.items()) if code in codes},
        "phones": dict(kept.phones),
        "instead": {
            stop: {"code": why.code, "params": dict(why.params)} for stop, why in kept.instead.items()
        },
        "scripts": dict(kept.scripts),
    }
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_number)
    (folder / FILE).write_bytes(gzip.compress(text.encode("utf-8", "surrogatepass"), 6, mtime=0))


def read_beside(folder: Path, problem: Problem, plan: Plan, language: Language = "zh") -> Kept:
    """Read it again, told in `language`; nothing at all where the folder has no such file.

    Raises
    ------
    SchemaError, BadInput
        It is of another version, or damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return Kept(language=language)
    try:
        raw = json.loads(_unpacked(path.read_bytes()).decode("utf-8", "surrogatepass"))
        if raw["schema"] != SCHEMA:
            raise SchemaError(f"{path} has schema {raw['schema']!r}, this version reads {SCHEMA}; plan again")
        ways = {key: _way_from_json(one, language) for key, one in raw["ways"].items()}
        same = raw["plan_id"] == plan.id
        return Kept(
            legs={one: ways[key] for one, key in _keys(problem, plan).items() if key in ways},
            language=language,
            names=dict(raw["names"]),
            phones=dict(raw["phones"]),
            # why that one was sent holds of that plan alone
            instead={
                stop: Reason(one["code"], one["params"]) for stop, one in raw["instead"].items() if same
            },
            scripts=dict(raw["scripts"]),
        )
    except (
        AttributeError,
        EOFError,
        KeyError,
        OSError,
        RecursionError,
        TypeError,
        ValueError,
        zlib.error,
    ) as cause:
        if isinstance(cause, SchemaError):
            raise
        raise BadInput(
            f"{path} cannot be read ({type(cause).__name__}: {cause}); plan again"[:400]
        ) from cause


def scripts_kept(folder: Path) -> dict[str, Any]:
    """What a plan's centre says at the door in place of the bundled lines; nothing where the folder keeps none.

    Raises
    ------
    BadInput
        The file is damaged.
    """
    path = folder / FILE
    try:
        raw = json.loads(_unpacked(path.read_bytes())) if path.is_file() else {}
        return dict(raw.get("scripts", {}))
    except (AttributeError, OSError, RecursionError, TypeError, ValueError, zlib.error) as cause:
        raise BadInput(
            f"{path} cannot be read ({type(cause).__name__}: {cause}); plan again"[:400]
        ) from cause


def book_of_folder(
    folder: Path, language: Language = "zh", *, ground: Any = None
) -> tuple[PlanFile, SheetBook]:
    """The plan of a folder and its book, from the folder alone; without `people.json` nobody has a name.

    Raises
    ------
    MissingInput, SchemaError, BadInput
        It is no plan folder; a file of it is of another version, or damaged.
    """
    file = read_plan(folder)
    kept = read_beside(folder, file.problem, file.plan, language)
    return file, book_from(file, read_people(folder), kept, ground=ground)


def book_from(
    file: PlanFile, people: Mapping[str, PersonLike], kept: Kept, *, ground: Any = None
) -> SheetBook:
    """The book of a plan with what is kept beside it."""
    overlay = {"scripts": kept.scripts} if kept.scripts else None
    area = file.area
    return book_of(
        file.problem,
        file.plan,
        people,
        kept.legs,
        area_name=str(area.get("name", "")),
        synthetic=bool(area.get("synthetic", False)),
        attribution=str(area.get("attribution", "")),
        names=kept.names,
        phones=kept.phones,
        centre_phone=str(dict(file.settings.get("duty", {})).get("centre_phone", "")),
        instead=kept.instead,
        ground=ground,
        language=kept.language,
        scripts={one: load_scripts(one, overlay) for one in OTHER},
    )


def read_people(folder: Path) -> dict[str, PersonLike]:
    """Who the cases are about, by case id; nobody where `people.json` is not there.

    Raises
    ------
    BadInput
        It is not what a plan folder holds.
    """
    path = folder / "people.json"
    if not path.is_file():
        return {}
    try:
        people = json.loads(path.read_text("utf-8"))
        names = ("name", "phone", "address", "note")
        return {
            str(case_id): SimpleNamespace(**{name: str(one.get(name) or "") for name in names})
            for case_id, one in people.items()
        }
    except (AttributeError, OSError, RecursionError, ValueError) as cause:
        raise BadInput(f"{path} does not hold a person per case; restore it or plan again") from cause


def _keys(problem: Problem, plan: Plan) -> dict[str, str]:
    """What the way to each stop, and home, is called: how it is driven, from where, to where."""
    profiles = {one.id: one.profile for one in problem.responders}
    return {
        one: f"{profiles.get(route.responder_id, '')}\n{start}\n{end}"
        for route in plan.routes
        for one, start, end in _hops(route)
    }


def _hops(route: Route) -> Iterator[tuple[str, str, str]]:
    start = route.responder_id
    for stop in route.stops:
        yield stop.id, start, stop.place_id
        start = stop.place_id
    if route.stops:
        yield f"{route.responder_id}/home", start, route.responder_id


def _way_to_json(way: Way, language: Language) -> dict[str, Any]:
    line = np.asarray(way.line, np.float64)
    usable = line.ndim == 2 and line.shape[1] == 2 and bool(np.isfinite(line).all())
    steps = np.diff(np.round(line * DEGREES).astype(np.int64), axis=0, prepend=0) if usable else np.empty(0)
    told = {language: way.turns, OTHER[language]: way.other}
    return {
        "metres": way.metres if math.isfinite(way.metres) else None,
        "line": steps.ravel().tolist(),
        "zh": [[turn.what, turn.far, turn.time] for turn in told["zh"]],
        "en": [[turn.what, turn.far, turn.time] for turn in told["en"]],
    }


def _way_from_json(raw: Mapping[str, Any], language: Language) -> Way:
    steps = np.array(raw["line"], np.int64).reshape(-1, 2)
    own, other = (tuple(Turn(*map(str, turn)) for turn in raw[one]) for one in (language, OTHER[language]))
    return Way(
        line=np.cumsum(steps, axis=0) / DEGREES if len(steps) else NO_LINE,
        turns=own,
        metres=math.nan if raw["metres"] is None else float(raw["metres"]),
        other=other,
    )


def _unpacked(raw: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    text = unpacking.decompress(raw, MOST_BYTES)
    if not unpacking.eof:
        raise ValueError("it is cut, or unpacks to more than any plan")
    return text


def _number(value: Any) -> Any:
    """Numbers of numpy as JSON knows them."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no JSON")
