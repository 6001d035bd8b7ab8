"""Many small problems solved side by side, each in its fair share of the time that is left."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass

from dispatch import routing
from dispatch.domain import Plan, Problem
from dispatch.loss import plan_loss

LEAST_SECONDS = 0.02
_FIRST_OVERHEAD_SECONDS = 0.1
_GAIN_YUAN = 1e-6


@dataclass(frozen=True, slots=True)
class Task:
    """One problem to solve: made by `problem` when its turn comes, so that few are held at once.

    `weight` is its share of the time or the iterations; `start` a plan it must not fall behind.
    """

    name: str
    weight: float
    problem: Callable[[], Problem]
    start: Plan | None = None


@dataclass(frozen=True, slots=True)
class Thought:
    """How all tasks are to be thought about."""

    policy: str
    seed: int
    iterations: int | None = None
    """For a task of weight 1."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A plan, what it costs, what it saves against its start (0 where it is the start), and wall seconds in all."""

    plan: Plan
    yuan: float
    saved_yuan: float
    seconds: float


@contextmanager
def pool(processes: int) -> Iterator[Executor | None]:
    """So many processes, started afresh (no threads or locks are inherited); None for one: this one."""
    if processes <= 1:
        yield None
        return
    with ProcessPoolExecutor(
        processes, mp_context=multiprocessing.get_context("spawn"), initializer=_leave_interrupts
    ) as workers:
        yield workers


def run(
    tasks: Sequence[Task],
    thought: Thought,
    workers: Executor | None,
    processes: int,
    until: float | None,
) -> Iterator[tuple[Task, Answer]]:
    """Each task with its answer, in any order.

    `until` is a moment of `time.monotonic`: every task gets its share of what is left when
    its turn comes, so that slow ones are made up for. Ctrl-C ends after those under way.
    """
    waiting = deque(sorted(tasks, key=lambda task: -task.weight))
    weight = sum(task.weight for task in tasks)
    overhead = _FIRST_OVERHEAD_SECONDS
    running: dict[Future[Answer], tuple[Task, float | None]] = {}
    while waiting or running:
        while waiting and len(running) < processes:
            task = waiting.popleft()
            seconds = None
            if until is not None:
                share = (until - time.monotonic()) * processes * task.weight / max(weight, 1e-9)
                seconds = max(LEAST_SECONDS, share - overhead)
            weight -= task.weight
            effort = routing.Effort(seconds, _iterations(thought, task))
            if workers is None:
                done: Future[Answer] = Future()
                done.set_result(solve_one(task.problem(), task.start, effort, thought))
            else:
                done = workers.submit(solve_one, task.problem(), task.start, effort, thought)
            running[done] = (task, seconds)
        try:
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
        except KeyboardInterrupt:
            waiting.clear()
            continue
        for one in finished:
            task, given = running.pop(one)
            answer = one.result()
            if given is not None:
                overhead += 0.2 * (answer.seconds - given - overhead)
            yield task, answer


def solve_one(problem: Problem, start: Plan | None, effort: routing.Effort, thought: Thought) -> Answer:
    """The plan found, or the start where that is not beaten."""
    begun = time.monotonic()
    plan = routing.solve(
        problem,
        thought.policy,
        seconds=effort.seconds,
        iterations=effort.iterations,
        seed=thought.seed,
        start=start,
    )
    yuan, saved = plan_loss(problem, plan).objective_yuan, 0.0
    if start is not None:
        before = plan_loss(problem, start).objective_yuan
        if yuan > before - _GAIN_YUAN or _forgets_more(problem, plan, start):
            plan, yuan = start, before
        saved = before - yuan
    return Answer(plan, yuan, saved, time.monotonic() - begun)


def _forgets_more(problem: Problem, plan: Plan, start: Plan) -> bool:
    """Whether a case pinned to someone is visited by the start and not by the plan."""
    pinned = {case for case, who in problem.pinned.items() if who}
    return bool((start.visited - plan.visited) & pinned)


def _iterations(thought: Thought, task: Task) -> int | None:
    return None if thought.iterations is None else max(1, round(thought.iterations * task.weight))


def _leave_interrupts() -> None:
    """Ctrl-C is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
