"""Who is on duty for whom: the area, its counties, towns and police stations, each with its crews and those left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Literal

from dispatch.sheets.book import RouteSheet, SheetBook, Unvisited

UnitKind = Literal["area", "county", "town", "station"]


@dataclass(frozen=True, slots=True)
class Unit:
    """One overview: crews that visit there (of a station: its own), and cases there with nobody sent.

    A crew stands in the county and town where most of its stops lie, as on its sheet.
    """

    kind: UnitKind
    name: str
    crews: tuple[RouteSheet, ...]
    unvisited: tuple[Unvisited, ...]

    @property
    def id(self) -> str:
        """What names the unit among all."""
        return "overview" if self.kind == "area" else f"overview_{self.kind}_{self.name}"


def units_of(book: SheetBook) -> tuple[Unit, ...]:
    """The area, then counties, towns and stations by name; only those with a crew or somebody left out."""
    return (
        Unit("area", book.area_name, book.sheets, book.unvisited),
        *_grouped("county", book, lambda one: [one.county], lambda one: [one.county]),
        *_grouped("town", book, _town, _town),
        *_stations(book),
    )


def _grouped(
    kind: UnitKind,
    book: SheetBook,
    crew_in: Callable[[RouteSheet], Iterable[str]],
    case_in: Callable[[Unvisited], Iterable[str]],
) -> Iterator[Unit]:
    crews = _by_name(book.sheets, crew_in)
    cases = _by_name(book.unvisited, case_in)
    for name in sorted({*crews, *cases}):
        yield Unit(kind, name, tuple(crews.get(name, ())), tuple(cases.get(name, ())))


def _town(one: RouteSheet | Unvisited) -> list[str]:
    # towns of two counties may share a name
    return [one.county + one.town] if one.town else []


def _stations(book: SheetBook) -> Iterator[Unit]:
    crews = _by_name((one for one in book.sheets if one.kind == "station"), lambda one: [one.base])
    cases = _by_name(book.unvisited, lambda one: one.stations)
    named = sorted((_station_name(members), base) for base, members in crews.items())
    twice = {name for (name, _), (other, _) in pairwise(named) if name == other}
    for name, base in named:
        shown = f"{name} {base}" if name in twice else name
        yield Unit("station", shown, tuple(crews[base]), tuple(cases.get(base, ())))


def _station_name(crews: list[RouteSheet]) -> str:
    """What the names of a station's crews begin with alike; 水东派出所一组 and 水东派出所二组 are of 水东派出所."""
    names = [crew.name for crew in crews]
    alike = "".join(
        signs[0] for signs in takewhile(lambda signs: len(set(signs)) == 1, zip(*names, strict=False))
    )
    whole, station, _ = alike.partition("派出所")
    return whole + station if station else alike.strip() or names[0]


def _by_name(rows: Iterable, names: Callable) -> dict[str, list]:  # type: ignore[type-arg]
    """Rows under each of their names, none under a blank one."""
    found: dict[str, list] = {}  # type: ignore[type-arg]
    for row in rows:
        for name in names(row):
            if name:
                found.setdefault(name, []).append(row)
    return found
