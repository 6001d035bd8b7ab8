"""Folders on disk: written whole or not at all, and read back without being trusted.

A folder is filled beside its target and put in place by one step of the file system, so a
reader (or a power cut) meets the old folder or the new one, never a mixture.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dispatch.errors import BadInput, DispatchError, OutputExists

PLATFORM: str = sys.platform
WAITING = 8
"""Files that wait for the disk at once."""
MARKS = ("plan.json", "area.toml", "sheets.json", "coverage.json", "outreach.json", "simulation.json")
"""A folder may be replaced only if it holds one of these: --force never eats a home."""


def write_folder(target: Path, fill: Callable[[Path], None], *, force: bool = False) -> None:
    """Let `fill` write into a new folder, then put it at `target` in one step.

    Files become readable by their owner only (0600, folders 0700). If `fill` raises, the
    target is untouched and nothing is left behind.

    Raises
    ------
    OutputExists
        `target` is there and `force` is not given.
    BadInput
        With `force`: what is there is not a folder of ours.
    """
    target = Path(os.path.realpath(target))
    recover(target)
    refuse_overwrite(target, force=force)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        fresh = target.parent / f".{target.name}.new-{os.getpid()}-{secrets.token_hex(4)}"
        fresh.mkdir(mode=0o700)
    except OSError as cause:
        raise BadInput(f"cannot write to {target.parent} ({cause.strerror}); choose another --out") from cause
    try:
        fill(fresh)
        _seal(fresh)
        if target.exists():
            _exchange(fresh, target)
        else:
            fresh.rename(target)
        _sync(target.parent)
    except OSError as cause:
        if isinstance(cause, DispatchError | FileNotFoundError):
            raise  # a file of ours that is missing is our mistake, not the disk's
        raise BadInput(f"could not write {target}: {cause.strerror or cause}; nothing was changed") from cause
    finally:
        if fresh.exists():
            shutil.rmtree(fresh, ignore_errors=True)


def write_file(target: Path, content: str | bytes, *, force: bool = False) -> None:
    """Put `content` (text as UTF-8) at `target` in one step, readable by its owner only; whole or not at all.

    Raises
    ------
    OutputExists, BadInput
        `target` is there and `force` is not given; it cannot be written.
    """
    if os.path.lexists(target) and not force:
        raise OutputExists(target)
    fresh = target.with_name(f".{target.name}.new-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)
    except OSError as cause:
        raise BadInput(f"could not write {target}: {cause.strerror or cause}; nothing was changed") from cause
    finally:
        fresh.unlink(missing_ok=True)


def refuse_overwrite(target: Path, *, force: bool) -> None:
    """OutputExists or BadInput if `target` may not be replaced; called before long work."""
    if not os.path.lexists(target):
        return
    if not force:
        raise OutputExists(target)
    if not target.is_dir():
        raise BadInput(f"{target} is not a folder; --force replaces folders of plans, areas and sheets only")
    ours = any((target / mark).exists() for mark in MARKS)
    if not ours and any(target.iterdir()):
        raise BadInput(
            f"{target} holds none of {', '.join(MARKS)}; --force replaces folders of plans, areas and sheets only"
        )


def recover(target: Path) -> None:
    """Put back a folder that was set aside when a replacement was cut short.

    Happens only where the file system cannot exchange two folders in one step.
    """
    if os.path.lexists(target):
        return
    for aside in sorted(target.parent.glob(f".{target.name}.old-*")):
        with contextlib.suppress(OSError):
            aside.rename(target)
            return


def _exchange(fresh: Path, target: Path) -> None:
    """Swap two folders in one step, or set the old one aside where that cannot be done."""
    if _swap(fresh, target):
        return
    aside = target.parent / f".{target.name}.old-{os.getpid()}-{secrets.token_hex(4)}"
    target.rename(aside)
    fresh.rename(target)
    shutil.rmtree(aside, ignore_errors=True)


def _swap(one: Path, other: Path) -> bool:
    """Ask the kernel to exchange two names (Linux renameat2, macOS renamex_np)."""
    names = os.fsencode(one), os.fsencode(other)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if PLATFORM.startswith("linux"):
            here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
            return bool(libc.renameat2(here, names[0], here, names[1], exchange) == 0)
        if PLATFORM == "darwin":
            return bool(libc.renamex_np(names[0], names[1], 2) == 0)  # RENAME_SWAP
    except (OSError, AttributeError, TypeError):
        pass
    return False


def _seal(folder: Path) -> None:
    """Owner-only rights, and every byte on the disk before the name changes.

    Several files wait for the disk at once: it writes them together, in a twentieth of the time.
    """
    paths = sorted(folder.rglob("*"))
    for path in paths:
        path.chmod(0o700 if path.is_dir() else 0o600)
    with ThreadPoolExecutor(WAITING, thread_name_prefix="sync") as waiting:
        for _ in waiting.map(_sync, paths):  # the first that fails is raised
            pass
    _sync(folder)


def _sync(path: Path) -> None:
    if os.name == "nt":  # Windows opens no folder for syncing; files are flushed on close
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(target: Path) -> None:
    """Remove what runs that were killed have left beside the target."""
    for leftover in target.parent.glob(f".{target.name}.new-*"):
        owner = leftover.name.rsplit("-", 2)[1]
        if owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(leftover, ignore_errors=True)
    if target.exists():
        for aside in target.parent.glob(f".{target.name}.old-*"):
            shutil.rmtree(aside, ignore_errors=True)


def _alive(process: int) -> bool:
    if os.name == "nt":
        return True  # asking would kill it there; leave the leftover
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
