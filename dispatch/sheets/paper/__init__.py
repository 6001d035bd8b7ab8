"""Sheets on paper: a PDF per responder, and an overview per station, town and county."""

from dispatch.sheets.paper.press import PrintingFailed, printed
from dispatch.sheets.paper.units import Unit, units_of

__all__ = ["PrintingFailed", "Unit", "printed", "units_of"]
