"""How the kernel is compiled: `@compiled` before a function, and kept on disk until any of its rooms changes.

Numba keeps machine code by the file a function stands in, though code of other files is built into
it: a change there would go unseen. So the stamp of every function here is of all the files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from dispatch import one_case

ROOMS = ("arrays", "changes", "choosing", "heap", "kernel", "moving", "reasons")
Function = TypeVar("Function", bound=Callable[..., Any])


def stamp_of(files: list[Path]) -> str:
    """A name of what the files say."""
    return hashlib.sha256(b"\0".join(one.read_bytes() for one in files)).hexdigest()


_STAMP = stamp_of([Path(one_case.__file__), *(Path(__file__).with_name(f"{room}.py") for room in ROOMS)])


def compiled(function: Function) -> Function:
    """For what Python calls: `one_case.compiled`, kept only as long as every room of the kernel stays as it is."""
    return _stamped(one_case.compiled(function))


def inner(function: Function) -> Function:
    """For what the kernel alone calls: the same, compiled in half the time."""
    return _stamped(one_case.compiled(function, inner=True))


def _stamped(made: Function) -> Function:
    """The function, kept on disk under the stamp of all rooms."""
    kept: Any = getattr(getattr(made, "_cache", None), "_cache_file", None)
    if kept is not None and hasattr(
        kept, "_source_stamp"
    ):  # not where numba may not write, or is switched off
        kept._source_stamp = (kept._source_stamp, _STAMP)
    return made
