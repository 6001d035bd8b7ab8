"""What teams bring back: messages from the phone page, filled tables, typed lines; checked, and kept once."""

from dispatch.outcomes.payload import Record, decode, encode, short_ids
from dispatch.outcomes.reading import read_given, read_given_bytes, read_given_text
from dispatch.outcomes.reports import Refused, Report, Visit, checked, visits_of_plan

__all__ = [
    "Record",
    "Refused",
    "Report",
    "Visit",
    "checked",
    "decode",
    "encode",
    "read_given",
    "read_given_bytes",
    "read_given_text",
    "short_ids",
    "visits_of_plan",
]
