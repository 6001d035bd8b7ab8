"""A page under a passphrase: what is left in clear is a door that asks for it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator

from dispatch.errors import BadInput
from dispatch.reasons import Language

ABOUT = "dispatch-sheet-1"
SEALED = frozenset({"html"})
"""Formats that can be sealed; others would stand in clear beside them."""

Seal = Callable[[str], str]


def sealing(passphrase: str, language: Language = "zh") -> Seal:
    """What puts one page after another behind its door, all under one key.

    Raises
    ------
    BadInput
        The passphrase is shorter than eight characters.
    """
    from dispatch.sheets.pages import door_page  # noqa: PLC0415 - only where something is sealed
    from maps.secret import sealer  # noqa: PLC0415

    seal = sealer(passphrase, ABOUT)

    def sealed(page: str) -> str:
        done = seal(page.encode())
        return door_page(done.header(), base64.b64encode(done.data).decode("ascii"), language)

    return sealed


def refuse_unsealed(formats: Iterable[str]) -> None:
    """BadInput where one of the formats would stand in clear."""
    if clear := [one for one in formats if one not in SEALED]:
        raise BadInput(
            f"--passphrase seals {', '.join(sorted(SEALED))} alone; {', '.join(clear)} would stand in clear beside it: "
            f"ask for --format {','.join(sorted(SEALED))}, and send other formats by a way that is sealed itself"
        )


def all_sealed(files: Iterable[tuple[str, str | bytes]], seal: Seal) -> Iterator[tuple[str, str | bytes]]:
    """The files with every page behind its door."""
    for name, content in files:
        yield name, seal(content if isinstance(content, str) else content.decode())
