"""How the search is compiled: `@compiled` before a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

from dispatch.compiled import kept

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compiled at its first call and kept on disk.

    No function of the search makes an array, so none counts references to them: counting
    would take half of the time.
    """
    return kept(cast("Function", njit(**_OPTIONS)(function)), function)
