"""Which stage is at work, on a line that stands still: no thread turns a sign, so a copy of the process is safe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text


@contextmanager
def stages(notes: Console, first: str) -> Iterator[Callable[[str], None]]:
    """Show a stage until the next is named; on a terminal alone, and gone at the end."""
    with Live(Text(f"… {first}"), console=notes, auto_refresh=False, transient=True) as line:
        yield lambda stage: line.update(Text(f"… {stage}"), refresh=True)
