"""Sheets as pages: nothing a victim or an address says can run, and they read well on a phone and on paper."""

import base64
import csv
import dataclasses
import hashlib
import html.parser
import io
import re
import subprocess

import numpy as np
import pytest
from test_sheets import book

from dispatch.reasons import Reason
from dispatch.sheets import prepared, write_sheets
from dispatch.sheets.messages import RULE, instructions_txt
from dispatch.sheets.table import routes_csv
from dispatch.sheets.write import FORMATS

PAYLOADS = [
    "<script>window.pwned=1</script>",
    "\"><img src=x onerror='window.pwned=1'>",
    "'><svg onload=window.pwned=1>",
    "</style></title><script>window.pwned=1</script>",
    "javascript:window.pwned=1",
    "{{ 7*7 }}{% for x in ''.__class__.__mro__ %}{{ x }}{% endfor %}",
    "{0.__class__} %s %(name)s ${7*7}",
    '=HYPERLINK("http://evil.example","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "x\r\n" + RULE + "\r\n【指令 1/1】forged",
    "x\u2028【指令 1/1】forged",
    "\u202emoc.live\u2066\x1b[31m\x00\x07",
    "\ud800 lone surrogate",
    "]]><!--  --!> &lt;b&gt; &#x3c;",
    "https://evil.example/?q=" + "a" * 3000,
    "<meta http-equiv=refresh content=0;url=http://evil.example>",
]
TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "footer",
        "section",
        "article",
        "div",
        "span",
    ),
    *("h1", "h2", "h3", "p", "b", "br", "small", "a", "table", "tr", "td", "dl", "dt", "dd", "ol", "li"),
    *("details", "summary", "label", "input", "main", "fieldset", "legend", "ul", "script"),
    *("svg", "rect", "circle", "polyline", "path", "line", "text"),
}


def poisoned(value, payload):
    """The value with `payload` in the place of every text in it."""
    if isinstance(value, str):
        return payload
    if isinstance(value, tuple):
        return tuple(poisoned(one, payload) for one in value)
    if isinstance(value, Reason):
        return Reason("UNREACHED", {"attempts": payload, "result": payload})
    if dataclasses.is_dataclass(value):
        fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
        return dataclasses.replace(value, **{key: poisoned(one, payload) for key, one in fields.items()})
    return value


def hostile_book(payload):
    """A book in which every text of every field, at every level, is the payload."""
    clean = book(due_minutes=30.0, along="village", needs=frozenset({"police"}))
    stop = dataclasses.replace(clean.sheets[0].stops[0], second=clean.sheets[0].stops[0].spot)
    sheet = dataclasses.replace(clean.sheets[0], stops=(stop,))
    return poisoned(dataclasses.replace(clean, sheets=(sheet,)), payload)


class Tags(html.parser.HTMLParser):
    """Every element with its attributes, as a parser sees them."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("redact", ["none", "mask"])
def test_no_field_of_any_page_becomes_markup(tmp_path, payload, redact):
    written = write_sheets(hostile_book(payload), tmp_path, redact=redact)
    assert {path.parent for path in written} == {tmp_path}
    pages = [path for path in written if path.suffix == ".html"]
    assert len(pages) == 2
    for path in pages:
        for tag, attributes in Tags(path.read_text(encoding="utf-8")).found:
            assert tag in TAGS
            assert not [name for name in attributes if name.startswith("on") or name == "style"]
            if tag == "a":
                address = attributes["href"]
                assert (
                    re.fullmatch(r"#(zh|en)-\d+", address) or (tmp_path / address).exists() or "%" in address
                )
                assert not re.match(r"\s*\w+:", address)
            if tag == "script":
                assert attributes in ({}, {"type": "application/json", "id": "sheet"})
            if tag == "meta":
                assert attributes.get("http-equiv", "Content-Security-Policy") == "Content-Security-Policy"


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_field_of_the_table_becomes_a_formula_or_a_row(payload, language):
    rows = list(
        csv.reader(io.StringIO(routes_csv(prepared(hostile_book(payload)), language).removeprefix("\ufeff")))
    )
    assert len(rows) == 2
    assert len(rows[1]) == len(rows[0])
    for cell in rows[1]:
        assert not re.match(r"[=+\-@\t\r＝＋－＠]", cell)


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_field_of_a_message_forges_another(payload, language):
    text = instructions_txt(prepared(hostile_book(payload)), language)
    harmless = instructions_txt(prepared(hostile_book("x")), language)
    assert len(text.splitlines()) == len(harmless.splitlines())
    assert text.splitlines().count(RULE) == 2  # the route and its stop: a neighbour nobody knows goes along
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b\x00]", text)
    text.encode()


def test_a_template_in_a_name_is_text():
    (_, page), *_ = _pages(hostile_book("{{ 7*7 }}"))
    assert "{{ 7*7 }}" in page
    assert ">49<" not in page


def test_the_page_allows_its_own_style_and_scripts_and_nothing_else():
    for _, page in _pages(book()):
        (style,) = re.findall("<style>(.*?)</style>", page, re.DOTALL)
        scripts = re.findall("<script>(.*?)</script>", page, re.DOTALL)
        (policy,) = (given["content"] for tag, given in Tags(page).found if "http-equiv" in given)
        own = f"default-src 'none'; style-src {digest(style)}; base-uri 'none'; form-action 'none'"
        said = f"; script-src {' '.join(map(digest, scripts))}" if scripts else ""
        assert policy == own + said
        assert not re.search(r"url\(|@import|\bsrc=|https?:(?!//www\.w3\.org/2000/svg)", page)


def digest(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_overview_goes_by_county_and_town_and_links_every_sheet(tmp_path):
    write_sheets(book(), tmp_path)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert (
        page.index("<h2>电白区</h2>")
        < page.index("<h3>水东镇</h3>")
        < page.index('<a href="r1.html">crew r1</a>')
    )


def test_the_same_book_gives_the_same_bytes(tmp_path):
    for folder in ("one", "two"):
        write_sheets(book(), tmp_path / folder)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def long_book(stops=12):
    """One crew with a dozen rich stops around its base."""
    clean = book(due_minutes=30.0, along="village", needs=frozenset({"police"}))
    first = clean.sheets[0].stops[0]
    made = []
    for order in range(1, stops + 1):
        lon, lat = 111.0 + 0.03 * np.cos(order), 22.0 + 0.02 * np.sin(order)
        spot = dataclasses.replace(first.spot, lon=lon, lat=lat, address=f"水东镇南海村海滨大道{order}号")
        named = {"stop_id": f"S-{order:02d}", "code": f"S00{order:02d}"}
        made.append(dataclasses.replace(first, order=order, spot=spot, second=spot, **named))
    sheet = dataclasses.replace(clean.sheets[0], stops=tuple(made))
    return dataclasses.replace(clean, sheets=(sheet,))


@pytest.fixture
def page(chromium):
    """A phone with no signal."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, offline=True)
    opened = context.new_page()
    opened.heard = []
    opened.on("console", lambda message: opened.heard.append(message.text))
    opened.on("pageerror", lambda error: opened.heard.append(str(error)))
    opened.on("dialog", lambda dialog: opened.heard.append(dialog.message))
    opened.on("request", lambda request: opened.heard.append(request.url))
    yield opened
    context.close()


@pytest.mark.needs("chromium")
def test_a_browser_runs_and_fetches_nothing(page, tmp_path):
    for number, payload in enumerate(PAYLOADS):
        for path in write_sheets(hostile_book(payload), tmp_path / str(number), formats=["html"]):
            page.heard.clear()
            page.goto(path.as_uri())
            assert page.heard == [path.as_uri()]
            assert page.evaluate("window.pwned") is None


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_phone_needs_no_sideways_scrolling_and_boxes_fit_a_thumb(page, tmp_path, language):
    for source in (long_book(), hostile_book(PAYLOADS[-2])):
        for path in write_sheets(source, tmp_path / language, language, formats=["html"]):
            page.goto(path.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto((tmp_path / language / "r1.html").as_uri())
    sizes = page.evaluate(
        "[...document.querySelectorAll('.ticks label')].map(e => e.getBoundingClientRect().height)"
    )
    assert len(sizes) == 2 * 12 * 10
    assert min(size for size in sizes if size) >= 48  # CSS pixels, what a wet thumb needs
    page.locator(".ticks label").first.click()
    assert page.locator(".ticks input:checked").count() == 2  # in both languages


@pytest.mark.needs("chromium", "poppler")
def test_on_paper_no_stop_is_split_and_their_order_is_kept(page, tmp_path):
    write_sheets(long_book(), tmp_path, formats=["html"])
    page.goto((tmp_path / "r1.html").as_uri())
    page.pdf(path=tmp_path / "r1.pdf", prefer_css_page_size=True)
    told = ["pdftotext", "-layout", str(tmp_path / "r1.pdf"), "-"]
    pages = subprocess.run(told, capture_output=True, check=True, text=True).stdout.rstrip("\f").split("\f")
    orders = []
    for text in pages:
        ids = re.findall(r"结果\s+(S00\d\d)", text)
        # a whole stop: its id, its address, its person and its last box are on one page
        assert len(ids) == text.count("未前往") == text.count("陈*明")
        assert "演练数据" in text
        orders += ids
    assert orders == [f"S00{order:02d}" for order in range(1, 13)]


def _pages(source):
    return FORMATS["html"](prepared(source), "zh")
