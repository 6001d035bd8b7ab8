"""Finished work on disk: one file of arrays a task, written whole, read back without being trusted."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.errors import BadInput

Block = Mapping[str, NDArray[Any]]
"""What a piece of work gives: arrays by name, of numbers, booleans or text; never objects."""

_DAMAGED = (OSError, ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)


def read_arrays(path: Path) -> Block | None:
    """The arrays of a file; None where there is none, or where it is damaged or holds objects."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except _DAMAGED:
        return None


def write_arrays(path: Path, block: Block) -> None:
    """Arrays by name as one file, readable by its owner only; the same arrays give the same bytes."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        np.savez(file, allow_pickle=False, **dict(sorted(block.items())))
        file.flush()
        os.fsync(file.fileno())


class Blocks:
    """The finished blocks of a folder; those made under another `stamp` are as if they were not there."""

    def __init__(self, folder: Path, stamp: str) -> None:
        self.folder = folder
        self._stamp = hashlib.sha256(stamp.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as cause:
            raise BadInput(f"cannot write to {folder} ({cause.strerror}); choose another folder") from cause
        self._sweep()

    def path(self, key: str) -> Path:
        """Where the block of a task is, or will be."""
        return self.folder / f"{key}-{self._stamp}.npz"

    def read(self, key: str) -> Block | None:
        """The block of a task; None where there is none, or where it is damaged (it is made again then)."""
        return read_arrays(self.path(key))

    def write(self, key: str, block: Block) -> None:
        """Put a block on disk in one step, readable by its owner only.

        Raises
        ------
        BadInput
            The disk does not take it.
        """
        fresh = self.folder / f".{key}.new-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            write_arrays(fresh, block)
            fresh.replace(self.path(key))
        except OSError as cause:
            raise BadInput(
                f"could not write {self.path(key)}: {cause.strerror or cause}; make room and run the same "
                "command again: what is finished stays"
            ) from cause
        finally:
            fresh.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what a run that was killed left half-written."""
        for one in self.folder.glob(".*.new-*"):
            with contextlib.suppress(OSError):
                one.unlink()
