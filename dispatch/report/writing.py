"""A report on disk: the suffix says the form; the file appears whole, or not at all."""

from __future__ import annotations

from pathlib import Path

from dispatch.errors import BadInput
from dispatch.reasons import Language
from dispatch.report.figures import Report
from dispatch.store import write_file

FORMS = (".html", ".xlsx", ".docx")


def form_of(path: Path) -> str:
    """The form a file's name asks for. BadInput if it is none of `FORMS`."""
    suffix = path.suffix.lower()
    if suffix not in FORMS:
        raise BadInput(f"--out: found {path.name!r}, expected a name that ends in {', '.join(FORMS)}")
    return suffix


def report_bytes(report: Report, form: str, language: Language = "zh") -> bytes:
    """The report as a page, a workbook or a letter.

    Raises
    ------
    MissingExtra
        The page and the letter need the extra `reports`; the workbook needs nothing.
    """
    if form == ".html":
        from dispatch.report.page import report_page  # noqa: PLC0415 - each form loads its own library

        return report_page(report, language).encode("utf-8")
    if form == ".xlsx":
        from dispatch.report.workbook import report_workbook  # noqa: PLC0415

        return report_workbook(report, language)
    from dispatch.report.letter import report_letter  # noqa: PLC0415

    return report_letter(report, language)


def write_report(report: Report, target: Path, language: Language = "zh", *, force: bool = False) -> None:
    """Write the report. OutputExists, BadInput or MissingExtra; then nothing has changed."""
    write_file(target, report_bytes(report, form_of(target), language), force=force)
