"""What field teams carry: pages for phone and paper, a table of routes, messages for the chat.

`book_of` turns a plan into plain values; `write_sheets` writes them in every format.
"""

from dispatch.sheets.book import RouteSheet, SheetBook, SheetStop, Spot, Tried, Turn
from dispatch.sheets.compiling import Way, book_of
from dispatch.sheets.prepare import prepared
from dispatch.sheets.write import write_sheets

__all__ = [
    "RouteSheet",
    "SheetBook",
    "SheetStop",
    "Spot",
    "Tried",
    "Turn",
    "Way",
    "book_of",
    "prepared",
    "write_sheets",
]
