"""Answers kept on disk, so that no address is sent twice: one file a provider, its owner's only."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dispatch.places.online.providers import Said

SCHEMA = 1
MOST_ANSWERS = 100_000
LARGEST_BYTES = 64_000_000


class Cache:
    """What a provider said, by address; a damaged file counts as an empty one."""

    def __init__(self, path: Path | None, keep_days: float) -> None:
        self.path, self._keep = path, timedelta(days=keep_days)
        self._answers: dict[str, dict[str, Any]] = _read(path)
        self._changed = False

    def get(self, address: str, now: datetime) -> list[Said] | None:
        """The places kept for an address, None if it was never asked or too long ago."""
        kept = self._answers.get(address)
        try:
            if kept is None or now - datetime.fromisoformat(kept["asked_at"]) > self._keep:
                return None
            return [
                Said(float(x["lon"]), float(x["lat"]), str(x["level"]), str(x["name"]))
                for x in kept["places"]
            ]
        except (KeyError, TypeError, ValueError):
            return None

    def put(self, address: str, places: list[Said], now: datetime) -> None:
        """Remember an answer, also that there is none."""
        self._answers.pop(address, None)
        places_json = [one.as_json() for one in places]
        self._answers[address] = {"asked_at": now.isoformat(timespec="seconds"), "places": places_json}
        while len(self._answers) > MOST_ANSWERS:
            self._answers.pop(next(iter(self._answers)))
        self._changed = True

    def save(self) -> bool:
        """Write the file whole; False if it could not be written, which costs only a second question."""
        if self.path is None or not self._changed:
            return True
        text = json.dumps({"schema": SCHEMA, "answers": self._answers}, ensure_ascii=False, indent=0)
        fresh = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            fresh.replace(self.path)
        except (OSError, UnicodeEncodeError):
            with contextlib.suppress(OSError):
                fresh.unlink()
            return False
        self._changed = False
        return True


def _read(path: Path | None) -> dict[str, dict[str, Any]]:
    try:
        if path is None or path.stat().st_size > LARGEST_BYTES:
            return {}
        kept = json.loads(path.read_text(encoding="utf-8"))
        answers = kept["answers"] if kept.get("schema") == SCHEMA else {}
        return {str(key): value for key, value in answers.items() if isinstance(value, dict)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
