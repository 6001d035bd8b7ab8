"""The data block of a page: JSON beside packed columns, compressed; and the way back.

A block is a zlib stream of: the length of the JSON in four bytes (low first), the JSON, then the
bytes of all packed columns back to back. In the JSON a packed column is `{"~": [kind, start,
size, …]}`, `start` and `size` in bytes after the JSON:

- `["i", start, size]`: integers as zig-zag varints;
- `["n", start, size, scale, delta]`: numbers or null as varints; 0 is null, else the zig-zag
  of `value * scale`, plus one; with `delta` 1 each is told from the last number before it;
- `["w", start, size, words]`: each value a number into the list `words`.

Whatever is short or all different stays JSON. `assets/own/block.js` reads the same.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

MARK = "~"
SHORTEST = 8
"""Lists shorter than this stay JSON."""
SCALES = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
LARGEST = 2**52
"""Beyond this, numbers of JavaScript are no longer whole."""

Integers = NDArray[np.int64]

_UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff]|\\{(?=[{%#])")


@dataclass(frozen=True, eq=False)
class Whole:
    """A column of whole numbers for the block: where the page wants a typed array."""

    values: Integers


def escaped_json(value: Any) -> str:
    r"""JSON for a script block: nothing in it ends the block or opens a template.

    `< > &`, U+2028, U+2029, lone surrogates, and the brace that opens `{{`, `{%` or `{#`
    are written as `\u` escapes; all of them occur only inside strings, so what is parsed
    is what was given. Numbers that are not finite become null.
    """
    text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def packed_block(payload: Mapping[str, Any]) -> bytes:
    """The payload as one compressed block. Numbers are kept to six decimals, NaN becomes null."""
    columns: list[bytes] = []
    head = escaped_json(_packed(payload, columns, 0)[0]).encode("utf-8")
    return zlib.compress(len(head).to_bytes(4, "little") + head + b"".join(columns), 6)


def unpacked_block(block: bytes) -> dict[str, Any]:
    """The payload of a block, as the page reads it; `Whole` columns come back as lists."""
    raw = zlib.decompress(block)
    length = int.from_bytes(raw[:4], "little")
    payload: dict[str, Any] = _unpacked(json.loads(raw[4 : 4 + length]), raw[4 + length :])
    return payload


def varints(values: Integers) -> bytes:
    """Signed integers as zig-zag varints: seven bits a byte, low bits first."""
    return _bytes_of(_zigzag(np.asarray(values, np.int64)))


def _zigzag(values: Integers) -> NDArray[np.uint64]:
    return ((values << 1) ^ (values >> 63)).astype(np.uint64)


def _bytes_of(codes: NDArray[np.uint64]) -> bytes:
    """Whole numbers from 0 as varints."""
    length = np.ones(len(codes), np.int64)
    for byte in range(1, 10):
        more = codes >= np.uint64(1 << (7 * byte))
        if not more.any():
            break
        length += more
    last = np.cumsum(length) - 1
    out = np.zeros(int(length.sum()), np.uint8)
    for byte in range(int(length.max(initial=0))):
        here = length > byte
        bits = (codes[here] >> np.uint64(7 * byte)) & np.uint64(0x7F)
        more_bits = np.where(length[here] > byte + 1, 0x80, 0).astype(np.uint8)
        out[last[here] - length[here] + 1 + byte] = bits.astype(np.uint8) | more_bits
    return out.tobytes()


def _codes_of(raw: bytes) -> list[int]:
    codes, value, shift = [], 0, 0
    for byte in raw:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            codes.append(value)
            value = shift = 0
    return codes


def _unzigzag(code: int) -> int:
    return (code >> 1) ^ -(code & 1)


def _packed(value: Any, columns: list[bytes], at: int) -> tuple[Any, int]:
    """What stands in the JSON for `value`, and where the next column begins."""
    column: tuple[str, bytes, tuple[Any, ...]] | None = None
    if isinstance(value, Whole):
        column = "i", varints(value.values), ()
    elif isinstance(value, Mapping):
        out = {}
        for key, one in value.items():
            out[key], at = _packed(one, columns, at)
        return out, at
    elif isinstance(value, list | tuple) and len(value) >= SHORTEST:
        column = _column(value)
    if column is None:
        return value, at
    kind, raw, more = column
    columns.append(raw)
    return {MARK: [kind, at, len(raw), *more]}, at + len(raw)


def _column(values: Sequence[Any]) -> tuple[str, bytes, tuple[Any, ...]] | None:
    """The column as packed numbers or as numbers of its words; None where JSON is as good."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds and all(issubclass(kind, int | float | np.number) and kind is not bool for kind in kinds):
        return _numbers(values)
    if any(issubclass(kind, Mapping | list) for kind in kinds):
        return None
    index: dict[Hashable, int] = {}
    codes = [index.setdefault(value, len(index)) for value in values]
    if len(index) > len(values) // 2:
        return None
    return "w", _bytes_of(np.array(codes, np.uint64)), (list(index),)


def _numbers(values: Sequence[Any]) -> tuple[str, bytes, tuple[Any, ...]] | None:
    numbers = np.array([math.nan if value is None else value for value in values], np.float64)
    there = np.isfinite(numbers)
    known = np.round(numbers[there], 6)
    if np.abs(known).max(initial=0.0) >= LARGEST:
        return None
    for scale in SCALES:
        scaled = np.rint(known * scale)
        if np.abs(scaled).max(initial=0.0) >= LARGEST:
            return None
        if (np.abs(scaled / scale - known) < 5e-7).all():
            break
    whole = scaled.astype(np.int64)
    steps = np.diff(whole, prepend=np.int64(0))
    ways = []
    for delta, told in ((0, whole), (1, steps)):
        codes = np.zeros(len(numbers), np.uint64)
        codes[there] = _zigzag(told) + np.uint64(1)
        ways.append((_bytes_of(codes), delta))
    raw, delta = min(ways, key=lambda way: len(way[0]))
    return "n", raw, (scale, delta)


def _unpacked(value: Any, raw: bytes) -> Any:
    if isinstance(value, list):
        return [_unpacked(one, raw) for one in value]
    if not isinstance(value, dict):
        return value
    if MARK not in value:
        return {key: _unpacked(one, raw) for key, one in value.items()}
    kind, start, size, *more = value[MARK]
    codes = _codes_of(raw[start : start + size])
    if kind == "i":
        return [_unzigzag(code) for code in codes]
    if kind == "w":
        return [more[0][code] for code in codes]
    scale, delta = more
    out: list[float | None] = []
    last = 0
    for code in codes:
        if code == 0:
            out.append(None)
            continue
        last = _unzigzag(code - 1) + (last if delta else 0)
        out.append(last / scale if scale > 1 else last)
    return out


def _finite(value: Any) -> Any:
    """The value with plain Python numbers; None for NaN and infinity."""
    if type(value) is str or value is None:
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return (round(value, 6) or 0.0) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, Whole):
        return cast("list[int]", value.values.tolist())
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return value
