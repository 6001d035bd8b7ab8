"""The same tasks over a Dask cluster: workers may come, go and be killed."""

from __future__ import annotations

import platform
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

from dispatch.errors import BadInput, MissingExtra
from dispatch.runner.blocks import Block
from dispatch.runner.task import TRIES, Task, Work, WorkLost

CONNECT_SECONDS = 10
AHEAD = 2
"""Tasks handed out for each thread of the cluster: one under way, one waiting; the rest stay here."""
_NAMES = ("field-dispatch", "numpy", "numba")


def over_cluster(
    address: str, work: Work, shared: Any, tasks: Sequence[Task]
) -> Iterator[tuple[Task, Block]]:
    """Each task with its block, as they finish. What a killed worker held is done by another.

    Raises
    ------
    MissingExtra
        Dask is not installed here.
    BadInput
        No scheduler answers at the address, or its workers have other versions than this machine.
    WorkLost
        A task killed its workers too often, or every worker is gone and none comes back.
    """
    if not tasks:
        return
    try:
        from distributed import Client  # noqa: PLC0415
    except ImportError as cause:
        raise MissingExtra("distributed", "cluster") from cause
    try:
        client = Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, TypeError) as cause:
        raise BadInput(
            f"no Dask scheduler answers at {address}; start one (dask scheduler) or leave --cluster out"
        ) from cause
    with client:
        _same_versions(client, address)
        yield from _through(client, work, shared, tasks)


def here() -> dict[str, str]:
    """What must be the same on every machine for the same answers."""
    return {"python": ".".join(platform.python_version_tuple()[:2])} | {
        name: version(name) for name in _NAMES
    }


def _through(client: Any, work: Work, shared: Any, tasks: Sequence[Task]) -> Iterator[tuple[Task, Block]]:
    from distributed import as_completed  # noqa: PLC0415

    left, running = deque(tasks), {}
    deaths: Counter[str] = Counter()
    held = client.scatter(shared, broadcast=True, hash=False)

    def hand_out() -> Any:
        task = left.popleft()
        one = client.submit(_one, work, held, task.argument, pure=False)
        running[one.key] = task
        return one

    ahead = AHEAD * max(1, sum(client.nthreads().values()))
    ended = as_completed([hand_out() for _ in range(min(ahead, len(left)))])
    for one in ended:
        task = running.pop(one.key)
        if one.status == "finished":
            yield task, one.result()
        else:
            _again(one, task, deaths)
            left.appendleft(task)
            if held.status != "finished":
                held = client.scatter(shared, broadcast=True, hash=False)
        one.release()
        if left:
            ended.add(hand_out())


def _again(one: Any, task: Task, deaths: Counter[str]) -> None:
    """Pass over the death of a worker; raise what the work itself raised, and give up after some deaths."""
    from distributed.scheduler import KilledWorker  # noqa: PLC0415

    cause = None if one.status in {"cancelled", "lost"} else one.exception()
    if cause is not None and not isinstance(cause, KilledWorker):
        raise cause
    deaths[task.key] += 1
    if cause is not None or deaths[task.key] >= TRIES:
        raise WorkLost(
            f"workers died again and again while doing {task.key} (killed, or out of memory); give them more "
            "memory, then run the same command again: what is finished stays"
        ) from cause


def _same_versions(client: Any, address: str) -> None:
    """Refuse a cluster without workers, or one whose answers could differ from those of this machine."""
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError as cause:
        raise WorkLost(
            f"the cluster at {address} has no worker; start some: dask worker {address}"
        ) from cause
    try:
        there = client.run(here)
    except (ImportError, AttributeError, RuntimeError) as cause:
        raise BadInput(
            f"workers at {address} do not have field-dispatch installed; install it there"
        ) from cause
    ours = here()
    for worker, theirs in sorted(there.items()):
        if theirs != ours:
            odd = ", ".join(
                f"{name} {theirs.get(name)} (here {ours[name]})"
                for name in ours
                if theirs.get(name) != ours[name]
            )
            raise BadInput(f"worker {worker} has {odd}; install the same versions on every machine")


def _one(work: Work, shared: Any, argument: Any) -> Block:
    return work(shared, argument)
