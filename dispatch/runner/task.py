"""What the runner is given: pieces of work, and what is said when one cannot be finished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dispatch.errors import DispatchError
from dispatch.runner.blocks import Block

Work = Callable[[Any, Any], Block]
"""A function of a module: `work(shared, argument)`. It must depend on nothing else."""

TRIES = 3
"""A task during which a worker has died this often is given up: it would take every worker with it."""


class WorkLost(DispatchError, RuntimeError):
    """A task cannot be finished: its workers die, or none is left."""


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work: `key` names it among the tasks of its run (and its file), `argument` is pickled."""

    key: str
    argument: Any = None
