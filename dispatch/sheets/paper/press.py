"""All printed files of a book, one at a time: here where they are few, over the cores where they are many."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from dispatch.errors import DispatchError
from dispatch.reasons import Language
from dispatch.runner import processes_here
from dispatch.sheets.book import SheetBook
from dispatch.sheets.paper.drawing import Ground
from dispatch.sheets.paper.engine import pdf_of
from dispatch.sheets.paper.overview import overview_values
from dispatch.sheets.paper.units import Unit
from dispatch.sheets.paper.values import Printable, sheet_values

FEW = 120
"""Files made here: starting processes takes longer."""
AHEAD = 4
"""Files handed to each process before the first is taken back: what is held in memory does not grow with the book."""


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
    # spawned, not forked: the parent may hold threads of solvers
    context = multiprocessing.get_context("spawn")
    waiting: deque[tuple[str, Future[bytes]]] = deque()
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_quiet) as pool:
        try:
            for job in jobs:
                waiting.append((job.name, pool.submit(_print, job)))
                if len(waiting) >= workers * AHEAD:
                    name, made = waiting.popleft()
                    yield name, made.result()
            for name, made in waiting:
                yield name, made.result()
        except BrokenProcessPool as cause:
            raise PrintingFailed(
                "a process printing sheets died (killed, or out of memory); free some memory and run the same command again"
            ) from cause
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _quiet() -> None:
    """Leave Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
