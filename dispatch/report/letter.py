"""A report as a letter in Word, in the form of an official 通报 (GB/T 9704: A4, its margins, its faces and sizes).

Faces are named for both scripts; a machine without them shows its own. Nothing is linked and nothing computes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from dispatch.errors import MissingExtra
from dispatch.reasons import Language
from dispatch.report import telling
from dispatch.report.charts import NAMED, charts
from dispatch.report.figures import Report
from dispatch.report.telling import Grid
from dispatch.report.words import label, plain_dates

if TYPE_CHECKING:
    from docx.document import Document

BODY, HEADS, TITLE, LATIN = "仿宋", "黑体", "宋体", "Times New Roman"
RED, SOFT = "C00000", "5B6775"
GROUP_WIDTHS = (0.2, 0.085, 0.085, 0.085, 0.12, 0.12, 0.12, 0.085, 0.1)
TEXT_WIDTH, PICTURE_WIDTH = 156, 72
"""Millimetres between the margins; of a picture, two a line."""
LISTED = 16
"""Rows of a breakdown in the letter; the workbook has them all."""
NUMERALS = "一二三四五六七八九"

SAID: dict[str, tuple[str, str]] = {
    "overall": ("总体情况", "Overall"),
    "results": ("处置成效", "What came of it"),
    "intro": (
        "{dates}，共接收预警 {received} 条，涉及 {people} 人。其中：{parts}。",
        "{dates}: {received} alerts came in, of {people} people. Of the alerts: {parts}.",
    ),
    "phone": ("电话劝阻 {by_phone}。", "Settled by phone: {by_phone}."),
    "visits": (
        "安排上门 {planned} 人，已上门 {visited}；见到本人 {met}；劝阻成功 {persuaded}。",
        "{planned} people were planned; visited {visited}; met in person {met}; persuaded {persuaded}.",
    ),
    "steps": (
        "指令签收 {signed}，超时 {overdue}{late}。",
        "Instructions signed for: {signed}; overdue: {overdue}{late}.",
    ),
    "defrauded": ("预警后被骗 {defrauded}。", "Defrauded after the alert: {defrauded}."),
    "wait": ("预警至见面中位用时 {wait}。", "Alert to meeting took a median of {wait}."),
    "money": (
        "核实挽损 {verified}（{verified_note}）。另，模型估计挽损 {modelled}，系方案预期，并非结果；{apart}。",
        "Averted and verified: {verified} ({verified_note}). Apart from that the model estimates {modelled}: what plans "
        "expected, not an outcome; {apart}.",
    ),
    "arrivals": (
        "有记录的到达 {count} 次，较计划的中位偏差 {median} 分钟{range}（正为晚到）。",
        "{count} arrivals were measured; the median was {median} minutes off the plan{range} (positive is late).",
    ),
    "range": ("，80% 在 {low} 至 {high} 分钟之间", ", the middle 80 % between {low} and {high}"),
    "steps_late": ("（{0}）", " ({0})"),
}


def report_letter(report: Report, language: Language = "zh") -> bytes:
    """The letter. MissingExtra without python-docx, or without matplotlib where there is something to draw."""
    try:
        import docx  # noqa: PLC0415 - an extra
    except ImportError as cause:
        raise MissingExtra("python-docx", "reports") from cause
    document = docx.Document()
    letter = _Letter(document, report, language)
    letter.page()
    letter.opening()
    if report.empty:
        letter.paragraph(label("empty", language))
    for name, fill in (
        ("overall", letter.overall),
        ("results", letter.results),
        ("compared", letter.compared),
        ("groups", letter.groups),
        ("arrivals", letter.arrivals),
    ):
        letter.heading(name)
        fill()
    letter.closing()
    letter.definitions()
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


class _Letter:
    """Writes one letter, part by part."""

    def __init__(self, document: Document, report: Report, language: Language) -> None:
        self.document, self.report, self.language = document, report, language
        self.chapters = 0
        self.pictures = charts(report, language, "png", width=3.0, titled=True)

    def page(self) -> None:
        """A4 with the margins of GB/T 9704, its styles, page numbers, and what the document is."""
        from docx.shared import Mm, Pt  # noqa: PLC0415 - an extra

        section = self.document.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.bottom_margin = Mm(37), Mm(35)
        section.left_margin, section.right_margin = Mm(28), Mm(26)
        for name, face, size, bold in (
            ("Normal", BODY, 16, False), ("Title", TITLE, 22, True), ("Heading 1", HEADS, 16, False),
            ("Caption", HEADS, 10.5, False), ("Header", HEADS, 10.5, True), ("Footer", TITLE, 14, False),
        ):  # fmt: skip
            _face(self.document.styles[name], face, size, bold=bold)
        normal = self.document.styles["Normal"].paragraph_format
        normal.space_after, normal.line_spacing = Pt(0), Pt(28)
        if self.report.synthetic:
            self._centred(section.header.paragraphs[0], label("practice", self.language))
        _page_number(section.footer.paragraphs[0])
        about = self.document.core_properties
        head = telling.heading(self.report, self.language)
        about.title, about.author = f"{head['title']} {head['dates']}", head["centre"]
        about.comments, about.created = "", self.report.period.as_of.astimezone(UTC).replace(tzinfo=None)

    def opening(self) -> None:
        """The red head, and the subject."""
        from docx.shared import Pt, RGBColor  # noqa: PLC0415

        head = self.document.add_paragraph()
        self._centred(head, telling.centre_of(self.report, self.language))
        run = head.runs[0]
        _face(run, TITLE, 26, bold=True)
        run.font.color.rgb = RGBColor.from_string(RED)
        head.paragraph_format.line_spacing = Pt(40)
        _rule_below(head)
        dates = plain_dates(self.report.period, self.language)
        subject = self.document.add_paragraph(style="Title")
        self._centred(subject, label("subject", self.language, dates))  # its line break makes two even lines
        _no_rule(subject)
        subject.paragraph_format.space_before, subject.paragraph_format.space_after = Pt(18), Pt(14)
        subject.paragraph_format.line_spacing = Pt(32)

    def overall(self) -> None:
        """What came in and where it went, what was done."""
        now, language = self.report.now, self.language
        told = telling.parts(self.report, language)
        parts = ("、" if language == "zh" else ", ").join(f"{name} {count}" for name, count, _ in told)
        shares = {name: self._share(name) for name in now.shares}
        late = telling.late_steps(self.report, language)
        dates = plain_dates(self.report.period, language)
        self.paragraph(
            self.say(
                "intro", dates=dates, received=f"{now.sum.received:,}", people=f"{now.people:,}", parts=parts
            )
        )
        self.paragraph(
            self.say("phone", **shares)
            + self.say("visits", planned=telling.count(now.visited.denominator), **shares)
            + self.say("steps", late=self.say("steps_late").format(late) if late else "", **shares)
        )

    def results(self) -> None:
        """Persuaded, defrauded, money: verified first, the model's apart."""
        modelled, verified = telling.money_tiles(self.report, self.language)
        wait = self.report.now.minutes_to_meet
        told = self.say("defrauded", defrauded=self._share("defrauded"))
        if wait is not None:
            told += self.say("wait", wait=label("minutes", self.language, f"{wait:,.0f}"))
        self.paragraph(told)
        self.paragraph(
            self.say(
                "money",
                verified=verified.value,
                verified_note=verified.note,
                modelled=modelled.value,
                apart=label("apart", self.language),
            )
        )

    def compared(self) -> None:
        """The table of changes."""
        self.table(telling.compared(self.report, self.language), (0.15, 0.19))

    def groups(self) -> None:
        """Pictures, then a table a breakdown."""
        self.gallery([name for name in ("hours", "days", "types") if name in self.pictures])
        for grid in telling.groups(self.report, self.language, LISTED):
            if grid.rows:
                self.table(grid, GROUP_WIDTHS, caption=grid.title)

    def arrivals(self) -> None:
        """A sentence, a picture, and the tables by kind and by hour."""
        measured = self.report.arrivals
        if measured is None:
            self.paragraph(label("arrivals_none", self.language))
            return
        between = ""
        if measured.low is not None and measured.high is not None:
            between = self.say(
                "range", low=telling.minutes(measured.low), high=telling.minutes(measured.high)
            )
        median = telling.minutes(measured.median)
        self.paragraph(self.say("arrivals", count=f"{measured.count:,}", median=median, range=between))
        self.gallery(["arrivals"])
        for grid in telling.arrivals(self.report, self.language):
            self.table(grid, (0.25,), caption="" if grid.name == "arrivals" else label("hour", self.language))

    def closing(self) -> None:
        """Who signs, and when."""
        from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415

        day = self.report.period.as_of
        date = f"{day.year}年{day.month}月{day.day}日" if self.language == "zh" else f"{day.day} {day:%B %Y}"
        for number, text in enumerate((telling.centre_of(self.report, self.language), date)):
            paragraph = self.document.add_paragraph(text)
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            paragraph.paragraph_format.keep_with_next = number == 0
            paragraph.paragraph_format.space_before = (
                self.document.styles["Normal"].font.size if number == 0 else None
            )

    def definitions(self) -> None:
        """What each figure means, in small print."""
        from docx.shared import Pt  # noqa: PLC0415

        head = self.document.add_paragraph(label("definitions", self.language), style="Caption")
        head.paragraph_format.space_before, head.paragraph_format.keep_with_next = Pt(14), True
        for number, name, means in telling.definitions(self.report, self.language):
            paragraph = self.document.add_paragraph()
            paragraph.paragraph_format.line_spacing = Pt(14)
            for text, face in ((f"{number} {name}　", HEADS), (means, BODY)):
                _face(paragraph.add_run(text), face, 9)

    def heading(self, name: str) -> None:
        """A numbered heading, kept with what follows."""
        from docx.shared import Pt, RGBColor  # noqa: PLC0415

        text = self.say(name) if name in SAID and name not in {"arrivals"} else label(name, self.language)
        number = f"{NUMERALS[self.chapters]}、" if self.language == "zh" else f"{self.chapters + 1}. "
        self.chapters += 1
        paragraph = self.document.add_paragraph(number + text, style="Heading 1")
        paragraph.paragraph_format.first_line_indent = Pt(32)
        paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(6), Pt(2)
        for run in paragraph.runs:
            run.font.color.rgb = RGBColor(0, 0, 0)

    def paragraph(self, text: str) -> None:
        """A paragraph of the body, its first line two signs in."""
        from docx.shared import Pt  # noqa: PLC0415

        self.document.add_paragraph(text).paragraph_format.first_line_indent = Pt(32)

    def gallery(self, names: Sequence[str]) -> None:
        """Pictures side by side, two a line."""
        from docx.enum.table import WD_TABLE_ALIGNMENT  # noqa: PLC0415 - an extra
        from docx.shared import Mm  # noqa: PLC0415

        shown = [name for name in names if name in self.pictures]
        for start in range(0, len(shown), 2):
            pair = shown[start : start + 2]
            frame = self.document.add_table(rows=1, cols=len(pair))
            frame.alignment = WD_TABLE_ALIGNMENT.CENTER
            _whole_row(frame.rows[0], heads=False)
            for cell, name in zip(frame.rows[0].cells, pair, strict=True):
                paragraph = cell.paragraphs[0]
                paragraph.paragraph_format.line_spacing = 1.0
                self._centred(paragraph, "")
                picture = paragraph.add_run().add_picture(
                    io.BytesIO(self.pictures[name]), width=Mm(PICTURE_WIDTH)
                )
                # what is read out to who cannot see it
                picture._inline.docPr.set("descr", label(NAMED[name], self.language))

    def table(self, grid: Grid, widths: Sequence[float], caption: str = "") -> None:
        """A table whose heads come again on each page; `widths` are shares of its first columns."""
        from docx.enum.table import WD_TABLE_ALIGNMENT  # noqa: PLC0415
        from docx.shared import Mm, Pt  # noqa: PLC0415

        if caption:
            above = self.document.add_paragraph(style="Caption")
            self._centred(above, caption, keep=True)
            above.paragraph_format.space_before = Pt(6)
        table = self.document.add_table(rows=1, cols=len(grid.heads), style="Table Grid")
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        _narrow_margins(table)
        left = len(grid.heads) - len(widths)
        shares = [*widths, *([(1 - sum(widths)) / left] * left if left else [])]
        for column, share in zip(table.columns, shares, strict=True):
            column.width = Mm(TEXT_WIDTH * share)
        for number, row in enumerate((grid.heads, *grid.rows)):
            cells = table.rows[0].cells if number == 0 else table.add_row().cells
            for at, (cell, text) in enumerate(zip(cells, row, strict=True)):
                cell.width = Mm(TEXT_WIDTH * shares[at])
                paragraph = cell.paragraphs[0]
                self._centred(paragraph, text) if at or number == 0 else paragraph.add_run(text)
                paragraph.paragraph_format.line_spacing = Pt(13)
                paragraph.paragraph_format.keep_with_next = len(grid.rows) <= LISTED and number < len(
                    grid.rows
                )
                for run in paragraph.runs:
                    _face(run, HEADS if number == 0 else BODY, 9 if len(grid.heads) > 5 else 10)
        for number, row in enumerate(table.rows):
            _whole_row(row, heads=number == 0)

    def say(self, name: str, **values: object) -> str:
        """A sentence of the letter."""
        text = SAID[name][0 if self.language == "zh" else 1]
        text = text.format(**values) if values else text
        return text if self.language == "zh" or not text.endswith(".") else f"{text} "

    def _share(self, name: str) -> str:
        share = self.report.now.shares[name]
        if share is None:
            return label("no_figure", self.language)
        if self.language == "en":
            return telling.of(share, self.language)
        unit = "条" if name in {"signed", "overdue"} else "人"
        return f"{telling.count(share.numerator)} {unit}，占 {telling.of(share, self.language)}"

    def _centred(self, paragraph: Any, text: str, *, keep: bool = False) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415

        if text:
            paragraph.add_run(text)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        if keep:
            paragraph.paragraph_format.keep_with_next = True


def _face(styled: Any, face: str, size: float, *, bold: bool = False) -> None:
    """A face for both scripts, without the theme's, which would win."""
    from docx.oxml.ns import qn  # noqa: PLC0415
    from docx.shared import Pt, RGBColor  # noqa: PLC0415

    styled.font.name, styled.font.size, styled.font.bold = LATIN, Pt(size), bold
    styled.font.italic = False
    if styled.font.color is not None and not hasattr(styled, "text"):
        styled.font.color.rgb = RGBColor(0, 0, 0)
    fonts = styled.element.get_or_add_rPr().get_or_add_rFonts()
    for name in list(fonts.attrib):
        if name.endswith("Theme"):
            del fonts.attrib[name]
    for script, name in (("eastAsia", face), ("ascii", LATIN), ("hAnsi", LATIN), ("cs", LATIN)):
        fonts.set(qn(f"w:{script}"), name)


def _rule_below(paragraph: Any) -> None:
    """The red line under the head."""
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    borders, below = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "18"), ("space", "6"), ("color", RED)):
        below.set(qn(f"w:{name}"), value)
    borders.append(below)
    about = paragraph._p.get_or_add_pPr()
    about.insert_element_before(borders, *(f"w:{name}" for name in ("spacing", "ind", "jc", "rPr")))


def _no_rule(paragraph: Any) -> None:
    """The template's title has a line below it; a subject has none."""
    from docx.oxml.ns import qn  # noqa: PLC0415

    for found in paragraph.style.element.iter(qn("w:pBdr")):
        found.getparent().remove(found)
        return


def _page_number(paragraph: Any) -> None:
    """— 1 — in the middle of the foot."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.add_run("— ")
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)
    paragraph.add_run(" —")


def _narrow_margins(table: Any) -> None:
    """Cells with a millimetre to the left and the right."""
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        one = OxmlElement(f"w:{side}")
        one.set(qn("w:w"), "57")  # twentieths of a point
        one.set(qn("w:type"), "dxa")
        margins.append(one)
    table._tbl.tblPr.insert_element_before(margins, "w:tblLook")  # Word wants the parts in their order


def _whole_row(row: Any, *, heads: bool) -> None:
    """A row is not split across pages; heads come again on each."""
    from docx.oxml import OxmlElement  # noqa: PLC0415

    about = row._tr.get_or_add_trPr()
    about.append(OxmlElement("w:cantSplit"))
    if heads:
        about.append(OxmlElement("w:tblHeader"))
