"""Work done beside: in a copy of this process, on another core, while this one goes on.

A copy has everything this process knows without being sent it, and gives back what it wrote into files and the answer
it found. Where a copy is not safe (threads of ours would be missing in it, other systems than
Linux) or of no use (one core), the work is done here.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import pickle
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, NoReturn, TypeVar

from dispatch.errors import DispatchError

T = TypeVar("T")
PLATFORM: str = sys.platform
DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class WorkerDied(DispatchError, RuntimeError):
    """The process that worked beside ended without saying how."""


class Answer(Generic[T]):
    """What the work came to, once the body has ended."""

    _value: T

    def __call__(self) -> T:
        """The answer; AttributeError while the body runs."""
        return self._value


@contextmanager
def beside(work: Callable[[], T]) -> Iterator[Answer[T]]:
    """Do `work` while the body runs; at the end of the body it is done too and has its answer.

    What it leaves behind are files and the answer, which can be pickled: nothing it changes in memory is seen here.

    Raises
    ------
    WorkerDied
        It was killed, or ran out of memory. Whatever `work` raises is raised here; if the body
        raises, the work is stopped.
    """
    answer = Answer[T]()
    if not can_copy():
        answer._value = work()
        yield answer
        return
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # later versions of Python warn of threads of libraries too: those of numpy know of copies
        warnings.simplefilter("ignore", DeprecationWarning)
        gc.freeze()  # what is there stays where it is: the copy shares its pages
        parent, child = os.getpid(), os.fork()
    if child == 0:
        os.close(reading)
        _be_the_copy(work, writing, parent)
    gc.unfreeze()
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        try:
            yield answer
            said = pipe.read()
        except BaseException:  # Ctrl-C too
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            raise
        finally:
            os.waitpid(child, 0)
    answer._value = _opened(said)


def can_copy() -> bool:
    """Whether a copy is safe and of use: Linux, two cores for us, no thread but this one."""
    return PLATFORM.startswith("linux") and len(os.sched_getaffinity(0)) > 1 and threading.active_count() == 1


def _be_the_copy(work: Callable[[], object], writing: int, parent: int) -> NoReturn:
    """Work, say how it went, and end at once: what the parent has begun is not for the copy to finish."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which stops the copy
        ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL)
        if os.getppid() == parent:
            said = _done(work)
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(said)
            code = 0
    finally:
        os._exit(code)


def _done(work: Callable[[], object]) -> bytes:
    """The answer, or what went wrong, as bytes."""
    try:
        return pickle.dumps((work(), None), pickle.HIGHEST_PROTOCOL)
    except BaseException as wrong:
        try:
            packed = pickle.dumps((None, wrong))
            pickle.loads(packed)  # noqa: S301 - our own; some errors cannot be made again from their words
        except Exception:
            packed = pickle.dumps((None, RuntimeError(f"{type(wrong).__name__}: {wrong}")))
        return packed


def _opened(said: bytes) -> Any:
    if not said:
        raise WorkerDied(
            "a process at work beside died (killed, or out of memory); nothing was changed; free some memory and "
            "run the same command again"
        )
    value, wrong = pickle.loads(said)  # noqa: S301 - written by our own copy, through a pipe of ours
    if wrong is not None:
        raise wrong
    return value
