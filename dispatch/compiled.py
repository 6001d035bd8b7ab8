"""How loops are compiled: `@compiled` before a function, typed as the function it is, and kept on disk.

Numba keeps machine code by the file a function stands in, though code of other files is built into it:
a change there would go unseen. So what is kept is stamped with all compiled files of the function's folder.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
_MARK = b"@compiled"

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compiled at its first call and kept on disk; it may make arrays."""
    return kept(cast("Function", njit(**_OPTIONS)(function)), function)


def kept(made: Function, function: Function) -> Function:
    """What numba made of a function, kept on disk only as long as all compiled files of its folder stay as they are."""
    file: Any = getattr(getattr(made, "_cache", None), "_cache_file", None)
    if file is not None and hasattr(file, "_source_stamp"):  # not where numba may not write, or is off
        file._source_stamp = (file._source_stamp, stamp_of(Path(function.__code__.co_filename).parent))
    return made


@functools.cache
def stamp_of(folder: Path) -> str:
    """A name of what the compiled files of a folder say."""
    texts = [one.read_bytes() for one in sorted(folder.glob("*.py"))]
    return hashlib.sha256(b"\0".join(text for text in texts if _MARK in text)).hexdigest()
