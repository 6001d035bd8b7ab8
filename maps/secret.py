"""A data block under a passphrase: AES-256-GCM, its key by PBKDF2-SHA256, opened by the browser's own WebCrypto."""

from __future__ import annotations

import base64
import hashlib
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dispatch.errors import BadInput

ITERATIONS = 600_000
"""What OWASP's Password Storage Cheat Sheet (2023) asks of PBKDF2-HMAC-SHA256; a fifth of a second."""
KEY_BYTES, SALT_BYTES, NONCE_BYTES = 32, 16, 12
SHORTEST_PASSPHRASE = 8
ABOUT = "dispatch-map-1"
"""Bound to the cipher text: a block cannot be passed off as another kind."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """Bytes that only the passphrase opens, and what a browser must know to try it."""

    data: bytes
    salt: bytes
    nonce: bytes
    iterations: int = ITERATIONS
    about: str = ABOUT

    @classmethod
    def of(cls, header: Mapping[str, Any], data: bytes) -> Sealed:
        """The sealed bytes that stood beside this header."""
        salt, nonce = base64.b64decode(header["salt"]), base64.b64decode(header["nonce"])
        return cls(data, salt, nonce, int(header["iterations"]), str(header["about"]))

    def header(self) -> dict[str, Any]:
        """What stands beside the data in clear; nothing of it tells what is inside."""
        return {
            "cipher": "AES-256-GCM",
            "kdf": "PBKDF2-SHA256",
            "iterations": self.iterations,
            "salt": base64.b64encode(self.salt).decode("ascii"),
            "nonce": base64.b64encode(self.nonce).decode("ascii"),
            "about": self.about,
        }


def seal(data: bytes, passphrase: str) -> Sealed:
    """The data under the passphrase, with a salt and a nonce of its own.

    Raises
    ------
    BadInput
        The passphrase is shorter than eight characters.
    """
    return sealer(passphrase)(data)


def sealer(passphrase: str, about: str = ABOUT) -> Callable[[bytes], Sealed]:
    """What seals one thing after another under one salt and so one key, each with a nonce of its own.

    The key takes a fifth of a second to make: once for a thousand files.

    Raises
    ------
    BadInput
        The passphrase is shorter than eight characters.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise BadInput(
            f"the passphrase has {len(passphrase)} characters, expected at least {SHORTEST_PASSPHRASE}; "
            "four words nobody would guess are better than one with signs in it"
        )
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - most maps are not sealed

    salt = secrets.token_bytes(SALT_BYTES)
    cipher = AESGCM(_key(passphrase, salt, ITERATIONS))

    def sealed(data: bytes) -> Sealed:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return Sealed(cipher.encrypt(nonce, data, about.encode()), salt, nonce, about=about)

    return sealed


def unseal(sealed: Sealed, passphrase: str) -> bytes:
    """The data again.

    Raises
    ------
    BadInput
        The passphrase is not the one, or the data were changed.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    cipher = AESGCM(_key(passphrase, sealed.salt, sealed.iterations))
    try:
        return cipher.decrypt(sealed.nonce, sealed.data, sealed.about.encode())
    except InvalidTag as cause:
        raise BadInput("the passphrase does not open this map, or the file was changed") from cause


def _key(passphrase: str, salt: bytes, iterations: int) -> bytes:
    """The same characters typed on another keyboard give the same key: Unicode's form C."""
    text = unicodedata.normalize("NFC", passphrase).encode("utf-8")
    return hashlib.pbkdf2_hmac("sha256", text, salt, iterations, KEY_BYTES)
