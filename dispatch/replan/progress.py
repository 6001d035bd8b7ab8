"""How far each crew has come: the plan's routes, walked up to now with what was reported on the way.

Minutes count from the old plan's moment in here; `Standing` counts from now. Where nothing was
reported a crew is taken to be where the plan has it, if settings allow that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal

from dispatch.domain import Problem, Responder, Route, State, Stop
from dispatch.replan.elsewhere import Elsewhere, Fix, elsewhere
from dispatch.replan.events import Event
from dispatch.replan.settings import ReplanSettings

EPSILON_MINUTES = 1e-6
THERE = frozenset({"arrived", "met"})
"""Steps with which a crew says itself that it is at the door."""
Where = Literal["start", "place", "road", "point"]


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The stop a crew is at, or on its way to. Minutes from now; what is over is 0.

    `drive_minutes` of the way are left, `search_minutes` until contact once there, `service_minutes` after it.
    """

    case_id: str
    place_id: str
    state: State
    drive_minutes: float
    search_minutes: float
    service_minutes: float
    leads: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """One crew now.

    `where`: at its ``start`` (or base), at a ``place`` (`here`), on the ``road`` from `here` (None:
    its start) to `ahead` (None: its base) with `share` of the drive done, or at a reported ``point``.
    `begun`: it has set out on its route; `over` are stops that are behind it; `unreported` those of
    them nobody has told the outcome of. `elsewhere`: its position contradicts the door it should be at.
    """

    responder_id: str
    where: Where = "start"
    here: str | None = None
    ahead: str | None = None
    share: float = 0.0
    point: tuple[float, float] | None = None
    free_at_minutes: float = 0.0
    status: str = "free"
    under_way: UnderWay | None = None
    begun: bool = False
    over: tuple[Stop, ...] = ()
    unreported: tuple[Stop, ...] = ()
    silent: bool = False
    elsewhere: Elsewhere | None = None


@dataclass
class _Log:
    """What was reported of one crew, in minutes from the old plan's moment.

    `steps`: case id → one record a visit: whoever reports an outcome begins the next one there.
    """

    steps: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    delays: list[tuple[float, float]] = field(default_factory=list)
    status: tuple[float, str, float] = (-math.inf, "", 0.0)
    fix: Fix | None = None
    alive: bool = False

    def visit(self, case_id: str) -> dict[str, float]:
        """The record of the visit that is being made."""
        records = self.steps.setdefault(case_id, [{}])
        if "outcome" in records[-1]:
            records.append({})
        return records[-1]


def standings(
    problem: Problem,
    routes: Sequence[Route],
    events: Sequence[Event],
    *,
    gone: Mapping[str, float],
    minutes: float,
    settings: ReplanSettings,
    silent_before: frozenset[str] = frozenset(),
) -> dict[str, Standing]:
    """Where every responder of the old plan is, `minutes` after its moment.

    Parameters
    ----------
    events
        What was reported of crews, ids settled, none later than now.
    gone
        Case id → when (minutes) its visit became needless: whoever was not at the door yet turned back.
    silent_before
        Responders taken as not reachable before; any sign of life ends that.
    """
    logs = _logs(problem, events)
    return {
        one.id: _Walk(problem, one, logs[one.id], gone, minutes, settings).walk(
            route, one.id in silent_before
        )
        for one, route in zip(problem.responders, routes, strict=True)
    }


def _logs(problem: Problem, events: Sequence[Event]) -> dict[str, _Log]:
    logs = {one.id: _Log() for one in problem.responders}
    for event in events:
        log = logs.get(event.responder_id)
        if log is None:
            continue
        at = (event.at - problem.at) / timedelta(minutes=1)
        log.alive |= event.kind not in {"sent", "unsigned", "ill"}
        match event.kind:
            case "sent" | "signed" | "departed" | "arrived" | "met" | "outcome":
                log.visit(event.case_id).setdefault(event.kind, at)
            case "unsigned":
                record = log.visit(event.case_id)
                record["sent"] = at - event.minutes
                record.pop("signed", None)  # who says so now knows better
            case "delayed":
                log.delays.append((at, event.minutes))
            case "busy" | "ill" | "available":
                until = at + event.minutes if event.minutes == event.minutes else math.inf
                if event.until is not None:
                    until = (event.until - problem.at) / timedelta(minutes=1)
                log.status = (at, event.kind, until)
            case "position":
                radius = event.radius_metres if event.radius_metres == event.radius_metres else 0.0
                log.fix = Fix(at, (event.lon, event.lat), radius)
    return logs


class _Walk:
    """One crew's route, walked."""

    def __init__(  # noqa: PLR0917 - one caller, by position
        self,
        problem: Problem,
        responder: Responder,
        log: _Log,
        gone: Mapping[str, float],
        now: float,
        settings: ReplanSettings,
    ) -> None:
        self.problem, self.responder, self.log = problem, responder, log
        self.gone, self.now, self.settings = gone, now, settings
        self.over: list[Stop] = []
        self.unreported: list[Stop] = []
        self.here: str | None = None
        self.clock = 0.0
        self.silent = False
        self.elsewhere: Elsewhere | None = None
        self.places = {place.id: place for case in problem.cases for place in case.places}

    def walk(self, route: Route, silent_before: bool) -> Standing:
        """Where the crew is."""
        found: Standing | None = None
        planned_leave = None
        for stop in route.stops:
            found = self._pass(stop, planned_leave)
            planned_leave = stop.leave
            if found is not None:
                break
        else:
            found = self._after_the_last(route)
        self.silent = self._unsigned() or (silent_before and not self.log.alive)
        return self._with_news(found, silent_before)

    def _unsigned(self) -> bool:
        """Whether an instruction waits too long for its signature, and nothing was heard since."""
        waits = [
            steps["sent"]
            for records in self.log.steps.values()
            for steps in records
            if "sent" in steps and not steps.keys() & {"signed", "departed", "arrived", "met", "outcome"}
        ]
        limit = self.settings.unsigned_minutes_at_most - EPSILON_MINUTES
        return any(self.now - sent >= limit and self.log.status[0] < sent for sent in waits)

    def _pass(self, stop: Stop, planned_leave: float | None) -> Standing | None:
        """None if the stop is behind the crew; else where it is."""
        records = self.log.steps.get(stop.case_id, [])
        made = sum(one.case_id == stop.case_id for one in self.over)
        steps = records[made] if made < len(records) else {}
        depart = self._departed(stop, steps, planned_leave)
        gone_at = self.gone.get(stop.case_id, math.inf)
        if "outcome" in steps:
            arrive = steps.get("arrived", min(steps["outcome"], stop.arrive))
            return self._done(stop, max(steps["outcome"], arrive))
        if depart is None or depart >= self.now:
            return self._waiting()
        arrive = steps.get("arrived", steps.get("met", self._delayed(depart, depart + stop.drive_minutes)))
        if arrive > min(gone_at, self.now):  # on the road, or turned back from there
            until = min(gone_at, self.now)
            share = min(1.0, max(0.0, (until - depart) / max(arrive - depart, EPSILON_MINUTES)))
            standing = Standing(
                self.responder.id, "road", self.here, stop.place_id, share, begun=True, over=tuple(self.over)
            )
            return standing if gone_at <= self.now else self._on_the_way(standing, stop, arrive)
        begin = arrive
        if stop.wait_minutes > EPSILON_MINUTES:
            begin = max(arrive, stop.contact - stop.search_minutes)
        contact = steps.get("met", begin + stop.search_minutes)
        leave = self._delayed(arrive, contact + (stop.leave - stop.contact))
        if gone_at <= self.now:
            return self._done(stop, max(min(gone_at, leave), arrive))
        if leave > self.now + EPSILON_MINUTES:
            self.elsewhere = self._seen_elsewhere(stop, arrive, reported=not steps.keys().isdisjoint(THERE))
            if (
                self.elsewhere is not None and not self.elsewhere.reported
            ):  # late: the plan alone has it there
                way = Standing(
                    self.responder.id,
                    "road",
                    self.here,
                    stop.place_id,
                    1.0,
                    begun=True,
                    over=tuple(self.over),
                )
                return self._on_the_way(way, stop, self.now)
            return self._at_the_door(stop, begin, contact, leave)
        self.unreported.append(stop)
        return self._done(stop, leave)

    def _fresh_fix(self) -> Fix | None:
        fix = self.log.fix
        fresh = fix is not None and self.now - fix.at <= self.settings.position_minutes_at_most
        return fix if fresh else None

    def _seen_elsewhere(self, stop: Stop, arrive: float, *, reported: bool) -> Elsewhere | None:
        return elsewhere(
            stop.case_id,
            self.places[stop.place_id],
            arrive,
            self._fresh_fix(),
            reported=reported,
            metres_at_most=self.settings.door_metres_at_most,
        )

    def _departed(self, stop: Stop, steps: Mapping[str, float], planned_leave: float | None) -> float | None:
        """When the crew left for the stop; None if it has not."""
        known = [steps[one] for one in ("departed", "arrived", "met", "outcome") if one in steps]
        if "departed" in steps:
            return steps["departed"]
        if known:
            return max(self.clock if self.over else -math.inf, min(known) - stop.drive_minutes)
        if stop.state in {"departed", "arrived"}:
            return -EPSILON_MINUTES
        if "sent" in steps and "signed" not in steps:
            return None
        if not self.settings.unreported_goes_as_planned:
            return None
        planned = stop.arrive - stop.drive_minutes
        depart = planned
        if planned_leave is not None:  # what it is late, or early, it stays; a break keeps its place
            depart = max(self.clock, planned) if planned > planned_leave + EPSILON_MINUTES else self.clock
        depart += sum(
            more for at, more in self.log.delays if at <= depart and at > self.clock - EPSILON_MINUTES
        )
        since, kind, until = self.log.status
        if kind in {"ill", "busy"} and since <= depart < until:
            return None
        return depart

    def _delayed(self, begins: float, ends: float) -> float:
        """When something ends that was to end at `ends`, delays reported meanwhile added."""
        for at, more in self.log.delays:
            if begins <= at <= ends:
                ends += more
        return ends

    def _done(self, stop: Stop, leave: float) -> Standing | None:
        self.over.append(stop)
        self.here, self.clock = stop.place_id, leave
        return None if leave <= self.now + EPSILON_MINUTES else self._waiting()

    def _waiting(self) -> Standing:
        where: Where = "place" if self.here else "start"
        return Standing(
            self.responder.id,
            where,
            self.here,
            free_at_minutes=max(0.0, self.clock - self.now) if self.over else 0.0,
            begun=bool(self.over),
            over=tuple(self.over),
            unreported=tuple(self.unreported),
        )

    def _on_the_way(self, standing: Standing, stop: Stop, arrive: float) -> Standing:
        head = UnderWay(
            stop.case_id,
            stop.place_id,
            "departed",
            arrive - self.now,
            stop.search_minutes,
            stop.leave - stop.contact,
            stop.leads,
        )
        return _replaced(standing, head, self.unreported)

    def _at_the_door(self, stop: Stop, begin: float, contact: float, leave: float) -> Standing:
        search = stop.search_minutes if self.now < begin else max(0.0, contact - self.now)
        service = stop.leave - stop.contact if contact > self.now else leave - self.now
        head = UnderWay(stop.case_id, stop.place_id, "arrived", 0.0, search, service, stop.leads)
        standing = Standing(self.responder.id, "place", stop.place_id, begun=True, over=tuple(self.over))
        return _replaced(standing, head, self.unreported)

    def _after_the_last(self, route: Route) -> Standing:
        """On the way home, or home again."""
        if not route.stops:
            return self._waiting()
        drive = max(EPSILON_MINUTES, route.home - route.stops[-1].leave)
        share = (self.now - self.clock) / drive
        if share >= 1.0 or self.here is None:
            return Standing(
                self.responder.id, "point", point=(self.responder.lon, self.responder.lat), begun=False,
                over=tuple(self.over), unreported=tuple(self.unreported),
            )  # fmt: skip
        return Standing(
            self.responder.id, "road", self.here, None, share, begun=True,
            over=tuple(self.over), unreported=tuple(self.unreported),
        )  # fmt: skip

    def _with_news(self, found: Standing, silent_before: bool) -> Standing:
        """The standing with what was reported of the crew itself."""
        _, kind, until = self.log.status
        head, status = found.under_way, self.responder.status
        free = found.free_at_minutes
        if kind == "available" or (silent_before and not self.silent):
            status = "free"
        if kind == "ill" or self.silent:
            status = "off"
        if kind == "busy" and until > self.now:
            free = max(free, until - self.now)
        if head and head.state == "departed" and (kind == "ill" or (kind == "busy" and until > self.now)):
            head = None  # it will not get there
        waited = sum(at + more - self.now for at, more in self.log.delays[-1:] if at + more > self.now)
        if head is None and not found.over and found.where == "start":
            free = max(free, waited)
        fix = self._fresh_fix()
        if fix is not None and not (head and head.state == "arrived"):
            found = replace(found, where="point", point=fix.point)
        return replace(
            found,
            under_way=head,
            status=status,
            free_at_minutes=free,
            silent=self.silent,
            elsewhere=self.elsewhere,
        )


def _replaced(standing: Standing, head: UnderWay, unreported: Sequence[Stop]) -> Standing:
    return replace(standing, under_way=head, unreported=tuple(unreported))
