"""All printed files of a book, one at a time: here where they are few, over the cores where they are many."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from dispatch.errors import DispatchError
from dispatch.reasons import Language
from dispatch.runner import processes_here
from dispatch.sheets.book import SheetBook
from dispatch.sheets.paper.drawing import Ground
from dispatch.sheets.paper.engine import pdf_of
from dispatch.sheets.paper.overview import overview_values
from dispatch.sheets.paper.units import Unit
from dispatch.sheets.paper.values import Printable, sheet_values

FEW = 60
"""Files made here: starting processes takes longer."""
AHEAD = 4
"""Files handed to each process before the first is taken back: what is held in memory does not grow with the book."""
ROWS = 1_000
"""Visits a process prints before a fresh one takes its place: the compiler keeps its last documents in memory."""


class PrintingFailed(DispatchError, RuntimeError):
    """A file could not be printed."""


def printed(
    book: SheetBook,
    units: Mapping[str, Unit],
    names: Mapping[str, str],
    language: Language = "zh",
    *,
    workers: int = 0,
) -> Iterator[tuple[str, bytes]]:
    """File name and PDF of every sheet in the book's order, then of every unit's overview.

    Parameters
    ----------
    units, names
        The units by key; file names by responder id and by key of a unit.
    workers
        Processes; 0 is as many as there are processors, but 1 for a few files.

    Raises
    ------
    PrintingFailed
        A process died twice, of too little memory most likely.
    """
    workers = workers or (processes_here() if len(book.sheets) + len(units) > FEW else 1)
    jobs = _jobs(book, units, names, language)
    if workers == 1:
        for job in jobs:
            yield job.name, _print(job)
        return
    yield from _over_processes(jobs, workers)


def _jobs(
    book: SheetBook, units: Mapping[str, Unit], names: Mapping[str, str], language: Language
) -> Iterator[Printable]:
    ground = Ground(book.ground)
    for sheet in book.sheets:
        yield sheet_values(book, sheet, ground, names[sheet.responder_id], language)
    for key, unit in units.items():
        yield overview_values(book, unit, names[key], language)


def _print(job: Printable) -> bytes:
    return pdf_of(job.template, job.values, job.pictures, job.made_at)


def _over_processes(jobs: Iterator[Printable], workers: int) -> Iterator[tuple[str, bytes]]:
    """The same over processes, in the same order; they are replaced before they grow large."""
    while (first := next(jobs, None)) is not None:
        pool = ProcessPoolExecutor(workers, mp_context=_context(), initializer=_quiet)
        waiting: deque[tuple[str, Future[bytes]]] = deque()
        try:
            for job in _some(first, jobs, workers * ROWS):
                waiting.append((job.name, pool.submit(_print, job)))
                if len(waiting) >= workers * AHEAD:
                    name, made = waiting.popleft()
                    yield name, made.result()
            for name, made in waiting:
                yield name, made.result()
        except BrokenProcessPool as cause:
            raise PrintingFailed(
                "a process printing sheets died (killed, or out of memory); free some memory and run the same "
                "command again"
            ) from cause
        except BaseException:  # the reader has gone, or Ctrl-C: what is still waiting is not made
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()


def _some(first: Printable, jobs: Iterator[Printable], rows: int) -> Iterator[Printable]:
    """The first and as many more as make up so many rows."""
    printed_rows, job = 0, first
    while True:
        yield job
        printed_rows += job.rows
        following = next(jobs, None) if printed_rows < rows else None
        if following is None:
            return
        job = following


def _context() -> Any:
    """Fresh processes that share what they import; never a copy of this one, which may hold threads of solvers."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", "dispatch.sheets.paper.engine"])
    return context


def _quiet() -> None:
    """Leave Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
