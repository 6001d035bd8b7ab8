"""Personal columns sealed with a key from the environment: AES-256-GCM, bound to their row.

A sealed value is ``s1:`` and base64 of nonce and ciphertext. What it belongs to (column and
alert or case) is authenticated, so a value moved to another row does not open there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dispatch.errors import BadInput

KEY_VARIABLE = "DISPATCH_LEDGER_KEY"
MARK = "s1:"
_KEY_BYTES = 32
_NONCE_BYTES = 12
HOW_TO_MAKE = f"make one with: export {KEY_VARIABLE}=$(openssl rand -hex 32), and keep it: without it the ledger is lost"


def key_of(environment: Mapping[str, str] | None = None) -> bytes | None:
    """The key of the environment, 32 bytes; None where there is none.

    Raises
    ------
    BadInput
        The variable holds something else than 64 hexadecimal digits or base64 of 32 bytes.
    """
    text = (os.environ if environment is None else environment).get(KEY_VARIABLE, "").strip()
    if not text:
        return None
    try:
        key = bytes.fromhex(text) if len(text) == 2 * _KEY_BYTES else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != _KEY_BYTES:
        raise BadInput(f"{KEY_VARIABLE} holds no key: expected 64 hexadecimal digits; {HOW_TO_MAKE}")
    return key


class Seal:
    """Seals and opens texts with one key; `Seal(None, pepper)` leaves them as they are.

    `pepper` is a secret of the ledger that makes fingerprints of persons useless elsewhere.
    """

    def __init__(self, key: bytes | None, pepper: bytes) -> None:
        self._cipher = AESGCM(key) if key else None
        self._pepper = hmac.digest(key, pepper, hashlib.sha256) if key else pepper

    @property
    def on(self) -> bool:
        """Whether there is a key."""
        return self._cipher is not None

    def close(self, text: str, belongs_to: str) -> str:
        """`text` as it is kept."""
        if self._cipher is None:
            return text
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, text.encode(), belongs_to.encode())
        return MARK + base64.b64encode(nonce + sealed).decode()

    def open(self, kept: str, belongs_to: str) -> str:
        """The text again.

        Raises
        ------
        BadInput
            The value was changed, moved to another row, or sealed with another key.
        """
        if self._cipher is None:
            return kept
        try:
            raw = base64.b64decode(kept.removeprefix(MARK), validate=True)
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], belongs_to.encode()).decode()
        except (InvalidTag, ValueError, binascii.Error) as cause:
            raise BadInput(
                f"a sealed value of {belongs_to} does not open: it was changed, or sealed with another key; "
                "restore a backup or set the right key"
            ) from cause

    def fingerprint(self, text: str) -> str:
        """A keyed hash: equal for equal texts, and nothing to anyone without the ledger's secret."""
        return hmac.new(self._pepper, text.encode(), hashlib.sha256).hexdigest()[:32]
