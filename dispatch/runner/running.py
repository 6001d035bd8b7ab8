"""One runner for replications, scenarios and plans of many areas.

In this process by default, over the cores with `workers`, over machines with `cluster`: the
same function on the same arguments, so the same answers. What is finished is on disk
when a folder is given; a run that was stopped goes on from there.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from dispatch.runner.blocks import Block, Blocks
from dispatch.runner.task import TRIES, Task, Work, WorkLost

Told = Callable[[int, int], None]

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def processes_here() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(
    work: Work,
    tasks: Sequence[Task],
    *,
    shared: Any = None,
    workers: int = 1,
    cluster: str | None = None,
    folder: Path | None = None,
    stamp: str = "",
    told: Told | None = None,
    finished: Callable[[Block], bool] = lambda _: True,
) -> Iterator[tuple[Task, Block]]:
    """Do every task and give each with its block, in the order of `tasks` whoever did them.

    Parameters
    ----------
    shared
        Sent to every worker once, not with every task.
    workers
        Processes on this machine; 1 works in this one.
    cluster
        Address of a Dask scheduler (`tcp://host:8786`); `workers` says nothing then.
    folder, stamp
        Where finished blocks are kept; a block counts as finished under the same `stamp` only,
        which must name everything the blocks depend on besides the task's key. Without a folder
        blocks that finish early are held in memory until their turn.
    finished
        A block for which it says no is given, but made again by the next run.
    told
        Called with (tasks done, tasks in all) whenever that changes.

    Raises
    ------
    ValueError
        A key is no plain file name, or two tasks share one.
    WorkLost
        A task took its worker down `TRIES` times, or the cluster has no worker that fits.
    MissingExtra
        `cluster` is given and Dask is not installed.
    """
    keys = [task.key for task in tasks]
    if len(set(keys)) < len(keys) or not all(_KEY.fullmatch(key) for key in keys):
        raise ValueError("keys of tasks must be plain file names, no two the same")
    blocks = None if folder is None else Blocks(folder, stamp)
    waiting = [task for task in tasks if blocks is None or not _is_done(blocks.read(task.key), finished)]
    done = len(tasks) - len(waiting)
    if told:
        told(done, len(tasks))
    coming = _coming(work, shared, waiting, workers, cluster)
    early: dict[str, Block] = {}
    missing = {task.key for task in waiting}
    for task in tasks:
        while task.key in missing:
            one, block = next(coming)
            missing.discard(one.key)
            if blocks is None:
                early[one.key] = block
            else:
                blocks.write(one.key, block)
            done += 1
            if told:
                told(done, len(tasks))
        found = early.pop(task.key) if blocks is None else blocks.read(task.key)
        if found is None:
            raise WorkLost(
                f"the finished block of {task.key} cannot be read back; run the same command again"
            )
        yield task, found


def _is_done(block: Block | None, finished: Callable[[Block], bool]) -> bool:
    return block is not None and finished(block)


def _coming(
    work: Work, shared: Any, tasks: Sequence[Task], workers: int, cluster: str | None
) -> Iterator[tuple[Task, Block]]:
    if cluster is not None:
        from dispatch.runner.cluster import over_cluster  # noqa: PLC0415

        return over_cluster(cluster, work, shared, tasks)
    if workers > 1 and len(tasks) > 1:
        return _in_processes(work, shared, tasks, min(workers, len(tasks)))
    return ((task, work(shared, task.argument)) for task in tasks)


def _in_processes(
    work: Work, shared: Any, tasks: Sequence[Task], workers: int
) -> Iterator[tuple[Task, Block]]:
    """Over processes started afresh; where one is killed all are replaced and what they held is done again."""
    left = deque(tasks)
    deaths: Counter[str] = Counter()
    while left:
        running: dict[Future[Block], Task] = {}
        pool = ProcessPoolExecutor(
            workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(work, shared),
        )
        try:
            while left or running:
                while left and len(running) < workers:
                    task = left.popleft()
                    running[pool.submit(_one, task.argument)] = task
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                for one in ended:
                    block = one.result()
                    yield running.pop(one), block
        except BrokenProcessPool as cause:
            held = [task for one, task in running.items() if not _has_result(one)]
            yield from ((task, one.result()) for one, task in running.items() if _has_result(one))
            deaths.update(task.key for task in held)
            if lost := [task.key for task in held if deaths[task.key] >= TRIES]:
                raise WorkLost(
                    f"workers died {TRIES} times while doing {', '.join(lost)} (killed, or out of memory); "
                    "give fewer --workers, then run the same command again: what is finished stays"
                ) from cause
            left.extendleft(reversed(held))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _has_result(one: Future[Block]) -> bool:
    return one.done() and not one.cancelled() and one.exception() is None


_work: Work
_shared: Any


def _begin(work: Work, shared: Any) -> None:
    global _work, _shared  # a worker process has one work
    _work, _shared = work, shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer


def _one(argument: Any) -> Block:
    return _work(_shared, argument)
