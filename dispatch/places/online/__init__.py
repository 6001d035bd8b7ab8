"""Online helpers: asked by name only, with a key from the environment; addresses leave the machine."""

from __future__ import annotations

from dispatch.places.online.asking import Helper, ask, helper

__all__ = ["Helper", "ask", "helper"]
