"""The compiled optimiser behind the policy "search", and the bound that says how good a plan can be.

The bound is imported when it is first asked for: a re-plan proves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dispatch.search.bound import Bound, lower_bound

__all__ = ["Bound", "lower_bound"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from dispatch.search import bound  # noqa: PLC0415 - HiGHS takes half a second

        return getattr(bound, name)
    raise AttributeError(f"module 'dispatch.search' has no attribute {name!r}")
