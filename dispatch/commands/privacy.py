"""What a map's reader may learn: the passphrase, asked for without echo, and the watermark."""

from __future__ import annotations

import getpass
import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from dispatch.errors import BadInput

if TYPE_CHECKING:
    from maps.tiles import Tiles

PASSPHRASE_VARIABLE = "DISPATCH_PASSPHRASE"  # noqa: S105 - the name of a variable
PASSPHRASE_HELP = f"Seal the map's data; asks for a passphrase, or takes {PASSPHRASE_VARIABLE}."
WATERMARK_HELP = "Who the map is for, laid over it with the time of writing."


def ask_passphrase(wanted: bool) -> str | None:
    """The passphrase from the environment, else asked for twice without echo; None if none is wanted.

    It is never an argument: those are seen by everyone on the machine and kept in histories.

    Raises
    ------
    BadInput
        There is nobody to ask and nothing in the environment.
    """
    if not wanted:
        return None
    if given := os.environ.get(PASSPHRASE_VARIABLE):
        return given
    if not sys.stdin.isatty():
        raise BadInput(
            f"--passphrase: {PASSPHRASE_VARIABLE} is not set and there is no terminal to ask at; set it, or run this by hand"
        )
    return str(
        typer.prompt("口令 Passphrase", hide_input=True, confirmation_prompt="再输一次 Again", err=True)
    )


def watermark(who: str | None, now: datetime) -> str:
    """Who and when, for all to see; without a name the one who is signed in."""
    return f"{who or _signed_in()} · {now:%Y-%m-%d %H:%M}"


def tiles(name: str | None) -> Tiles | None:
    """Online tiles by their provider's name, the key from the environment.

    Raises
    ------
    BadInput
        An unknown provider, or no key.
    """
    if name is None:
        return None
    from maps.tiles import online_tiles

    return online_tiles(name, os.environ)


def _signed_in() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "?"
