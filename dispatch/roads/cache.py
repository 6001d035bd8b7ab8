"""A contraction order on disk: what is dear to find and cheap to check.

The file holds only the order, never weights or arcs. Whatever order is read, it must be a
permutation of the states of exactly these arcs; then it can make answers slower, but not wrong.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.arcs import Arcs

VERSION = 1
DIGEST_LETTERS = 64

log = logging.getLogger(__name__)


def order_file(folder: Path, arcs: Arcs) -> Path:
    """Where the order of these arcs is kept."""
    return folder / f"roads-{arcs.digest[:16]}.order"


def read_order(folder: Path, arcs: Arcs) -> NDArray[np.uint32] | None:
    """The order kept for these arcs, shape (states,); None if there is none that can be trusted.

    A file that is damaged, of another version or of other arcs is as good as none.
    """
    path = order_file(folder, arcs)
    lead = _lead(arcs)
    size = len(lead) + DIGEST_LETTERS + 1 + 4 * arcs.state_count
    try:
        if path.is_symlink() or path.stat().st_size != size:
            log.info("roads: %s is not what it should be; it is made anew", path.name)
            return None
        content = path.read_bytes()
    except OSError:
        return None
    body = content[len(lead) + DIGEST_LETTERS + 1 :]
    if content[: len(content) - len(body)] != lead + _digest(body):
        log.info("roads: %s is damaged or of another version; it is made anew", path.name)
        return None
    order = np.frombuffer(body, "<u4").astype(np.uint32)
    return order if is_permutation(order, arcs.state_count) else None


def write_order(folder: Path, arcs: Arcs, order: NDArray[np.uint32]) -> None:
    """Keep an order, whole or not at all, readable by its owner only.

    A folder that cannot be written to is no error: the order is found again next time.
    """
    body = order.astype("<u4").tobytes()
    path = order_file(folder, arcs)
    fresh = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        if folder.is_symlink():
            raise OSError("is a link to another folder")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(_lead(arcs) + _digest(body) + body)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as cause:
        log.info("roads: nothing is kept in %s (%s)", folder, cause.strerror or cause)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)


def is_permutation(order: NDArray[np.uint32], count: int) -> bool:
    """Whether every number below `count` stands in `order` once."""
    if order.shape != (count,) or (count and int(order.max()) >= count):
        return False
    return bool((np.bincount(order, minlength=count) == 1).all())


def _lead(arcs: Arcs) -> bytes:
    return f"dispatch road order {VERSION}\n{arcs.digest}\n".encode()


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode() + b"\n"
