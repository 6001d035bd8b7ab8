"""Decide who is met at their door first, before the money goes.

    from datetime import datetime
    import dispatch
    area = dispatch.open_area("maoming")
    request = dispatch.Request(alerts, at=datetime.fromisoformat("2026-05-01T14:00+08:00"))
    day = dispatch.plan_day(area, request)
    dispatch.write_day(day, "plan")

What stands in `__all__` is the public face; a name is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dispatch.area import Area, import_area, open_area
    from dispatch.day import Day, Request, plan_day, write_day
    from dispatch.errors import DispatchError
    from dispatch.planfile import read_plan
    from dispatch.routing import solve
    from dispatch.rules import audit

__all__ = [
    "Area",
    "Day",
    "DispatchError",
    "Request",
    "audit",
    "import_area",
    "open_area",
    "plan_day",
    "read_plan",
    "solve",
    "write_day",
]

_HOMES = {
    "area": ("Area", "import_area", "open_area"),
    "day": ("Day", "Request", "plan_day", "write_day"),
    "errors": ("DispatchError",),
    "planfile": ("read_plan",),
    "routing": ("solve",),
    "rules": ("audit",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"dispatch.{home}"), name)
    raise AttributeError(f"module 'dispatch' has no attribute {name!r}")
