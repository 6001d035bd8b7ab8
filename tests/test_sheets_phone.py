"""The sheet on a phone with no signal: what came of a visit is recorded, kept, told, and taken in by the centre."""

from __future__ import annotations

import json
import random
import re
from datetime import timedelta

import make
import pytest
import segno
import sheet_folder
from axe_playwright_python.sync_playwright import Axe
from doors import ROOT
from map_pages import PHONE
from test_sheets_pages import long_book
from typer.testing import CliRunner

from dispatch.cli import app
from dispatch.outcomes import Record, decode, encode, short_ids
from dispatch.reasons import OUTCOMES
from dispatch.sheets import write_sheets

pytestmark = pytest.mark.needs("chromium")

LATER = make.NOW + timedelta(minutes=90)
PAYLOAD = (ROOT / "dispatch" / "sheets" / "templates" / "phone" / "payload.js").read_text("utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A plan folder and its sheets, in clear and sealed."""
    folder = tmp_path_factory.mktemp("phone")
    file = sheet_folder.folder_of(folder / "plan")
    run("sheets", folder / "plan", "--out", folder / "clear", "--format", "html")
    run("sheets", folder / "plan", "--out", folder / "sealed", "--passphrase")
    return folder, file


@pytest.fixture
def phone(chromium):
    """Phones with no signal, made as asked; whatever goes wrong on one fails the test."""
    contexts, faults = [], []

    def pick_up(**given):
        context = chromium.new_context(viewport=PHONE, offline=True, has_touch=True, **given)
        context.clock.set_fixed_time(LATER)
        context.on("page", lambda page: listen(page, faults))
        contexts.append(context)
        return context

    yield pick_up
    for context in contexts:
        context.close()
    assert faults == []


def listen(page, faults):
    page.on("request", lambda asked: None if asked.url.startswith("file:") else faults.append(asked.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)


def run(*arguments, text=None):
    done = CliRunner(env={"DISPATCH_PASSPHRASE": sheet_folder.PASSPHRASE}).invoke(
        app, list(map(str, arguments)), input=text
    )
    assert done.exit_code in (0, 3), done.output + str(done.exception)
    return done


def sheet_of(context, made, which="clear", name="S-1"):
    page = context.new_page()
    page.goto((made[0] / which / f"{name}.html").as_uri())
    if which == "clear":
        page.wait_for_selector(".dock")
    return page


def record(page, number, outcome, *, lang="zh", there="", sent="", note=""):
    """Tap an outcome of a stop and fill in what is given."""
    box = page.locator(f".in.{lang} .outcome").nth(number)
    box.locator(".ticks label").nth(OUTCOMES.index(outcome)).tap()
    for key, value in (("there", there), ("sent", sent), ("note", note)):
        if value:
            box.locator(f"[id*='-{key}-']").fill(value)


def told(page):
    """The message as the page shows it to be copied."""
    page.locator(".tell").tap()
    text = page.locator(".report textarea").input_value()
    page.locator(".report .close").tap()
    return text


def codes(file):
    stops = [stop for route in file.plan.routes for stop in route.stops]
    short = short_ids(file.plan.id, [stop.id for stop in stops])
    return {stop.case_id: short[stop.id] for stop in stops}


def test_three_visits_recorded_survive_closing_and_are_taken_in_once(made, phone, tmp_path):
    folder, file = made
    own, context = codes(file), phone()
    page = sheet_of(context, made)
    record(page, 0, "met_persuaded", there="15", note="家属在场 已报所长")
    record(page, 1, "already_transferred", sent="50,000")
    assert "马上打电话报中心止付" in page.locator(".in.zh .urgent").nth(1).inner_text()
    assert "0668-2880110" in page.locator(".in.zh .urgent").nth(1).inner_text()
    page.close()
    page = sheet_of(context, made)  # reopened: it is all there
    assert page.locator(".dock [role=status]").last.inner_text() == "已记 2 / 2 · 2 条未回报"
    other = sheet_of(context, made, name="V-2")  # another crew's sheet on the same phone knows nothing of it
    assert other.locator(".dock [role=status]").last.inner_text().startswith("已记 0 / 1")
    record(other, 0, "not_home", there="5")
    first, second = told(page), told(other)
    assert decode(first).records == (
        Record(own["A-1"], "met_persuaded", 90, 15, None, "家属在场 已报所长"),
        Record(own["A-3"], "already_transferred", 90, None, 50_000),
    )
    back = (
        folder / "plan",
        "--from",
        "-",
        "--at",
        "2026-05-01T16:00",
        "--by",
        "li",
        "--out",
        tmp_path / "o.csv",
    )
    text = f"李四：{first}\n{second}\n"
    done = run("outcomes", *back, text=text)
    assert done.output.splitlines()[0] == "收到 3 条 = 新记 3 + 已有 0 + 不一致 0 + 退回 0"
    for words in ("紧急止付交接】警情 A-3", "50,000 元（已转）", "2026-05-01 15:30 报已转账", "账户  未知"):
        assert words in done.output
    before = (tmp_path / "o.csv").read_bytes()
    assert "新记 0 + 已有 3" in run("outcomes", *back, text=text).output
    assert (tmp_path / "o.csv").read_bytes() == before
    record(page, 0, "met_refused")
    changed = run("outcomes", *back, text=told(page))
    assert "不一致  message in line 1, part 1" in changed.output
    assert "≠  见面已劝阻" in changed.output


def test_what_was_copied_counts_as_told_until_it_is_changed(made, phone):
    context = phone()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = sheet_of(context, made)
    record(page, 0, "not_home")
    page.locator(".tell").tap()
    page.locator(".report .main").tap()
    page.wait_for_selector(".said:has-text('已复制')")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator(".report textarea").input_value()
    page.keyboard.press("Escape")
    assert page.locator(".dock [role=status]").last.inner_text() == "已记 1 / 2"
    record(page, 0, "not_home", note="门锁着")
    assert "1 条未回报" in page.locator(".dock [role=status]").last.inner_text()
    page.locator(".in.zh .undo").first.tap()
    assert page.locator(".dock [role=status]").last.inner_text() == "已记 0 / 2"


def test_where_nothing_may_be_kept_it_says_so_and_still_tells(made, phone):
    context = phone()
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"
    )
    page = sheet_of(context, made)
    assert page.locator(".warn").is_visible()
    assert "关闭本页前请先回报" in page.locator(".warn").inner_text()
    record(page, 0, "elsewhere", note="在广州")
    (one,) = decode(told(page)).records
    assert (one.outcome, one.note) == ("elsewhere", "在广州")


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        '{"at": 9e15, "text": "[1"}',
        '{"at": 9e15, "text": "{\\"records\\": [7, {\\"code\\": \\"x\\"}]}"}',
    ],
)
def test_what_is_damaged_in_the_phone_is_passed_over(made, phone, broken):
    context = phone()
    page = sheet_of(context, made)
    key = f"dispatch-outcomes:{made[1].plan.id}:S-1"
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [key, broken])
    page.reload()
    page.wait_for_selector(".dock")
    assert page.locator(".dock [role=status]").last.inner_text() == "已记 0 / 2"


def test_without_scripts_it_is_a_list_with_codes_in_either_language(made, phone):
    page = phone(java_script_enabled=False).new_page()
    page.goto((made[0] / "clear" / "S-1.html").as_uri())
    text = page.locator("main").inner_text()
    for code in (codes(made[1])[case] for case in ("A-1", "A-3")):
        assert code in text
    for words in ("见面已劝阻", "未前往", "向东出发，沿人民路", "结果 在场分钟 备注", "陈*明"):
        assert words in text
    assert page.locator(".dock, button").count() == 0  # nothing that would do nothing
    page.locator("label[for=in-en]").tap()
    english = page.locator("main").inner_text()
    assert "met, persuaded" in english
    assert "east on 人民路" in english
    assert "见面已劝阻" not in english


def test_the_page_writes_the_message_of_the_grammar(chromium):
    # the example of docs/outcomes.md, and any other records: what Python writes, byte for byte
    chosen = random.Random(8)
    notes = ["", "邻居在", "ab cd", "𠮷野家😀", "é", "长" * 120, "0"]
    records = [
        Record(
            "".join(chosen.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=5)),
            chosen.choice(OUTCOMES),
            chosen.randrange(10_081),
            chosen.choice([None, 0, 999]),
            chosen.choice([None, 0, 10**10, 3200]),
            chosen.choice(notes),
        )
        for _ in range(40)
    ]
    plain = [
        {"code": one.code, "n": OUTCOMES.index(one.outcome) + 1, "after": one.after_minutes,
         "there": one.there_minutes, "sent": one.sent_yuan, "note": one.note}
        for one in records
    ]  # fmt: skip
    page = chromium.new_page()
    write = f"([plan, records]) => {{ {PAYLOAD}; return message(plan, records); }}"
    assert page.evaluate(write, ["97e90be6ff96", plain]) == encode("97e90be6ff96", records)
    assert page.evaluate(write, ["97e90be6ff96", []]) == encode("97e90be6ff96", [])
    # too long a note is cut between two characters; a lone surrogate does no harm
    long = plain[0] | {"note": "长" * 200 + "\ud83d"}
    (read,) = decode(page.evaluate(write, ["97e90be6ff96", [long]])).records
    assert read.note == "长" * 120
    page.close()


def test_the_qr_code_is_the_one_another_encoder_draws(made, phone):
    page = sheet_of(phone(), made)
    record(page, 0, "unsafe", note="有狗")
    message = told(page)
    page.locator(".tell").tap()
    line = page.locator(".qr path").get_attribute("d")
    size = int(page.locator(".qr").get_attribute("viewBox").split()[-1]) - 8
    drawn = {(int(x) - 4, int(y) - 4) for x, y in re.findall(r"M(\d+) (\d+)h1", line)}
    page.locator(".report .close").tap()

    def of_segno(error, mask):
        code = segno.make(
            message, mode="alphanumeric", error=error, mask=mask, version=(size - 17) // 4, boost_error=False
        )
        return {(x, y) for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark}

    assert drawn in [
        of_segno(error, mask) for error in "mqh" for mask in range(8) if fits(message, size, error)
    ]


def fits(message, size, error):
    try:
        segno.make(message, mode="alphanumeric", error=error, version=(size - 17) // 4, boost_error=False)
    except segno.DataOverflowError:
        return False
    return True


def test_many_stops_are_told_in_codes_a_camera_can_read(made, phone, tmp_path):
    write_sheets(long_book(12), tmp_path, formats=["html"])
    page = phone().new_page()
    page.goto((tmp_path / "r1.html").as_uri())
    for number in range(12):
        record(page, number, "met_persuaded", there="15", note="家属在场")
    page.locator(".tell").tap()
    assert page.locator(".qr").count() == 2
    assert page.locator(".report figcaption").all_inner_texts() == ["回报二维码 1/2", "回报二维码 2/2"]
    for size in page.locator(".qr").evaluate_all(
        "all => all.map(one => Number(one.getAttribute('viewBox').split(' ')[3]))"
    ):
        assert size - 8 <= 89  # version 18: two millimetres a cell at the width of a phone


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_everybody_can_use_it(made, phone, lang):
    page = sheet_of(phone(), made)
    if lang == "en":
        page.locator("label[for=in-en]").tap()
        assert page.evaluate("document.documentElement.lang") == "en"
    record(page, 1, "already_transferred", lang=lang)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious(page) == []
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, .ticks label, .list a, summary, .langs label, input[type=text]')]
        .map(one => [one.className || one.tagName, one.getBoundingClientRect()])
        .filter(([, box]) => box.height && box.height < 44).map(([name]) => name)"""
    )
    assert small == []  # 44 CSS pixels: a wet thumb
    page.locator(".tell").tap()
    assert serious(page) == []


def serious(page):
    found = Axe().run(page).response["violations"]
    return [
        (one["id"], one["nodes"][0]["html"][:120])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def test_a_sealed_sheet_opens_to_its_passphrase_alone_and_keeps_its_records_sealed(made, phone):
    path = made[0] / "sealed" / "S-1.html"
    text = path.read_text("utf-8")
    for secret in ("陈", "南海村", "A-1", made[1].plan.id, codes(made[1])["A-1"], "138****"):
        assert secret not in text
    context = phone()
    page = sheet_of(context, made, "sealed")
    assert serious(page) == []
    enter(page, "not the passphrase")
    page.wait_for_selector("#door-said:has-text('口令不对')")
    enter(page, sheet_folder.PASSPHRASE)
    page.wait_for_selector(".dock")
    record(page, 0, "met_persuaded", note="家属在场")
    page.wait_for_function("Object.keys(localStorage).length === 1")
    stored = page.evaluate("Object.values(localStorage)[0]")
    assert "家属" not in stored
    assert "records" not in json.loads(stored)["text"]
    page.close()
    page = sheet_of(context, made, "sealed")
    enter(page, sheet_folder.PASSPHRASE)
    page.wait_for_selector(".dock")
    page.wait_for_selector(".dock [role=status]:has-text('已记 1 / 2')")


def enter(page, phrase):
    page.fill("#phrase", phrase)
    page.locator("#door button").tap()
