"""How loops are compiled: `@compiled` before a function, typed as the function it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compiled at its first call and kept on disk; it may make arrays, unlike the loops of `search`."""
    return cast("Function", njit(**_OPTIONS)(function))
