"""One function for a day of any size: every zone by itself, side by side; then the boundaries, two zones at a time.

The second half takes whole routes of crews on both sides of a boundary together with the
cases they could exchange, searches on from what stands, and keeps the answer only if it loses
less. So no boundary is ever made worse, whatever the search does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from dispatch import routing
from dispatch.domain import Case, LeftOut, Plan, Problem, Responder, Route
from dispatch.errors import PlanBroken, SettingsError
from dispatch.rules import audit
from dispatch.runner import processes_here
from dispatch.timeline import Visit
from dispatch.zones.boundary import Ground, Pair, Standing, Wish, rounds, together, wishes
from dispatch.zones.parts import Measure, Zoning, by_county, part_of
from dispatch.zones.running import Answer, Task, Thought, pool, run, solve_one

BOUNDARY_SHARE = 0.3
"""Share of the time, or of the iterations, spent on the boundaries."""
MOST_CASES = 250
"""Visits planned together along one boundary at most."""


@dataclass(frozen=True, slots=True)
class Zoned:
    """The plan of all zones, and how it came about.

    `zones_yuan` is the objective of the zones by themselves; `saved_yuan` what the boundaries
    saved of it, always at least 0; `boundary_cases` how many cases a crew of another zone
    might have done better; `crossings` how many are visited by one; `seconds` by stage, wall.
    """

    plan: Plan
    zones: int
    zones_yuan: float
    saved_yuan: float
    boundary_cases: int = 0
    boundaries: int = 0
    boundaries_better: int = 0
    crossings: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)


def solve_by_zone(
    problem: Problem,
    zoning: Zoning | None = None,
    *,
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 0,
    policy: str = "search",
    processes: int | None = None,
) -> Zoned:
    """`routing.solve` for a large problem: zone by zone in parallel, then along the boundaries.

    Parameters
    ----------
    zoning
        Who belongs where; default: `by_county`.
    seconds, iterations
        Wall seconds for everything; or iterations a case, for the same answer every time, however many processes.
    processes
        Default: as many as there are processors. The plan does not depend on it where `iterations` are given.

    Raises
    ------
    SettingsError
        A limit that is not positive, or an unknown policy.
    PlanBroken
        The plan breaks a rule: a mistake of this program, and the plan must not be used.
    """

    def measure(cases: Sequence[Case], responders: Sequence[Responder]) -> Problem:
        return part_of(problem, cases, responders)

    found = solve_zones(
        problem.cases, problem.responders, zoning or by_county(problem), measure,
        seconds=seconds, iterations=iterations, seed=seed, policy=policy, processes=processes,
    )  # fmt: skip
    visits = {
        route.responder_id: [Visit(stop.case_id, stop.place_id, stop.leads) for stop in route.stops]
        for route in found.plan.routes
        if route.stops
    }
    plan = routing.assemble(problem, visits, policy, seed)
    if breaches := audit(problem, plan):
        raise PlanBroken(policy, breaches)
    return replace(found, plan=plan)


def solve_zones(
    cases: Sequence[Case],
    responders: Sequence[Responder],
    zoning: Zoning,
    measure: Measure,
    *,
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 0,
    policy: str = "search",
    processes: int | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Zoned:
    """The same where minutes between all points would not fit into memory: `measure` makes each part when it is needed.

    Every part is audited; the reasons why cases are left out are those of the part that
    looked at them last.
    """
    if (seconds is not None and seconds <= 0) or (iterations is not None and iterations < 1):
        raise SettingsError(f"seconds is {seconds}, iterations {iterations}; give a number above 0")
    if seconds is None and iterations is None:
        seconds = routing.DEFAULT_SECONDS
    begun = time.monotonic()
    count = processes or processes_here()
    work = _Work(cases, responders, zoning, measure, Thought(policy, seed, iterations))
    members = _members(cases, responders, zoning)
    several = len(members) > 1
    with pool(min(count, len(members))) as workers:
        work.runner = partial(run, thought=work.thought, workers=workers, processes=count)
        halfway = None if seconds is None else begun + seconds * (1.0 - BOUNDARY_SHARE * several)
        work.solve_members(members, halfway)
        report(f"{len(members)} zones by themselves: {work.zones_yuan:,.0f} yuan")
        middle = time.monotonic()
        if several:
            work.mend_boundaries(None if seconds is None else begun + seconds, report)
    took = {"zones": round(middle - begun, 2), "boundaries": round(time.monotonic() - middle, 2)}
    return work.answer(len(members), took)


@dataclass(slots=True)
class _Work:
    """What is decided so far, and everything needed to decide on."""

    cases: Sequence[Case]
    responders: Sequence[Responder]
    zoning: Zoning
    measure: Measure
    thought: Thought
    runner: Callable[..., Iterator[tuple[Task, Answer]]] = run
    routes: dict[str, Route] = field(default_factory=dict)
    out: dict[str, LeftOut] = field(default_factory=dict)
    zones_yuan: float = 0.0
    saved_yuan: float = 0.0
    wished: int = 0
    boundaries: int = 0
    better: int = 0
    sample: Problem | None = None
    """Some part: prices, horizon and what is fixed are the same in all."""
    fixed: set[str] = field(default_factory=set)

    def solve_members(
        self, members: Mapping[str, tuple[list[Case], list[Responder]]], until: float | None
    ) -> None:
        """Every zone by itself; those Ctrl-C left no time for, by the nearest crew."""
        tasks = [
            Task(name, max(1.0, len(cases)), partial(self._measured, cases, crew))
            for name, (cases, crew) in members.items()
        ]
        left = {task.name: task for task in tasks}
        for task, answer in self.runner(tasks, until=until):
            del left[task.name]
            self.zones_yuan += answer.yuan
            self._take(answer.plan)
        for task in left.values():
            answer = solve_one(
                task.problem(), None, routing.Effort(), replace(self.thought, policy="nearest")
            )
            self.zones_yuan += answer.yuan
            self._take(answer.plan)

    def mend_boundaries(self, until: float | None, report: Callable[[str], None]) -> None:
        """Rounds of pairs of zones; in a round no zone twice, so that no two tasks touch the same routes."""
        if self.sample is None:
            return
        ground = Ground(
            {case.id: case for case in self.cases},
            {one.id: one for one in self.responders},
            self.zoning,
            self.sample.prices,
            self.sample.horizon_minutes,
            frozenset(self.fixed),
        )
        found = wishes(ground, Standing.of(self.routes))
        self.wished = len({wish.case_id for listed in found.values() for wish in listed})
        planned = rounds(found)
        left = sum(len(found[pair]) for pair in found)
        for pairs in planned:
            load = sum(len(found[pair]) for pair in pairs)
            end = until
            if until is not None:
                now = time.monotonic()
                end = now + (until - now) * load / max(left, 1)
                if now >= until:
                    break
            left -= load
            self._mend(ground, {pair: found[pair] for pair in pairs}, end)
            report(
                f"{self.boundaries} boundaries, {self.better} of them better: −{self.saved_yuan:,.0f} yuan"
            )

    def _mend(self, ground: Ground, listed: Mapping[Pair, Sequence[Wish]], until: float | None) -> None:
        standing = Standing.of(self.routes)
        tasks = []
        for pair, those in listed.items():
            chosen = together(ground, standing, pair, those, MOST_CASES)
            if chosen is not None:
                cases, crew = chosen
                routes = tuple(self.routes.get(one.id, Route(one.id)) for one in crew)
                start = Plan("", routes, (), self.thought.policy)
                weight = BOUNDARY_SHARE * len(cases)
                tasks.append(Task("/".join(pair), weight, partial(self._measured, cases, crew), start))
        for _, answer in self.runner(tasks, until=until):
            self.boundaries += 1
            if answer.saved_yuan > 0.0:
                self.better += 1
                self.saved_yuan += answer.saved_yuan
                self._take(answer.plan)

    def _measured(self, cases: Sequence[Case], crew: Sequence[Responder]) -> Problem:
        problem = self.measure(cases, crew)
        if self.sample is None:
            self.sample = problem
        self.fixed |= {case for case, who in problem.pinned.items() if who}
        self.fixed |= {case for head in problem.heads.values() for case, _ in head}
        return problem

    def _take(self, plan: Plan) -> None:
        self.routes |= {route.responder_id: route for route in plan.routes}
        self.out |= {left.case_id: left for left in plan.left_out}

    def answer(self, zones: int, seconds: Mapping[str, float]) -> Zoned:
        """Everything put together, in the order of the problem."""
        routes = tuple(self.routes.get(one.id, Route(one.id)) for one in self.responders)
        plan = Plan("", routes, (), self.thought.policy, self.thought.seed)
        visited = plan.visited
        plan = replace(
            plan, left_out=tuple(self.out[case.id] for case in self.cases if case.id not in visited)
        )
        home = self.zoning.of_responder
        crossings = {
            stop.case_id
            for route in routes
            for stop in route.stops
            if home[route.responder_id] != self.zoning.of_case[stop.case_id]
        }
        return Zoned(
            plan=replace(plan, id=routing.plan_id(plan)),
            zones=zones,
            zones_yuan=self.zones_yuan,
            saved_yuan=self.saved_yuan,
            boundary_cases=self.wished,
            boundaries=self.boundaries,
            boundaries_better=self.better,
            crossings=len(crossings),
            seconds=seconds,
        )


def _members(
    cases: Sequence[Case], responders: Sequence[Responder], zoning: Zoning
) -> dict[str, tuple[list[Case], list[Responder]]]:
    """Cases and responders of each zone; a zone may lack either."""
    members: dict[str, tuple[list[Case], list[Responder]]] = {}
    for case in cases:
        members.setdefault(zoning.of_case[case.id], ([], []))[0].append(case)
    for one in responders:
        members.setdefault(zoning.of_responder[one.id], ([], []))[1].append(one)
    return members
