"""What teams bring back: every good line is kept once, every bad one is given back with its reason."""

from __future__ import annotations

import json
import os
import threading
from datetime import timedelta

import make
import pytest
import xlsxwriter
from doors import ROOT
from hypothesis import given
from hypothesis import strategies as st
from ledgers import kept as kept_in
from ledgers import later, planned
from typer.testing import CliRunner

from dispatch.cli import app
from dispatch.errors import BadInput
from dispatch.outcomes import (
    Record,
    checked,
    decode,
    encode,
    read_given,
    read_given_bytes,
    read_given_text,
    short_ids,
    visits_of_plan,
)
from dispatch.outcomes.keeping import keep_in_file
from dispatch.outcomes.payload import MESSAGE, Damaged
from dispatch.outcomes.words import ALSO, outcome_of
from dispatch.planfile import PlanFile, write_plan
from dispatch.reasons import OUTCOMES, WORDS
from dispatch.replan.events import read_events
from dispatch.routing import solve

NOW = make.NOW + timedelta(hours=2)
PLAN = "97e90be6ff96"


def night():
    """Three visits of two crews, and what they may be called: codes by stop."""
    cases = [make.case("A-1", at=10), make.case("A-2", at=20), make.case("A-3", at=-10)]
    day = make.problem([make.responder("S-1", max_visits=2), make.responder("V-2", at=-5)], cases)
    plan = solve(day, "nearest")
    return day, plan, visits_of_plan(day, plan)


DAY, THE_PLAN, VISITS = night()
CODES = {visit.case_id: visit.code for visit in VISITS}
WHO = {visit.case_id: visit.responder_id for visit in VISITS}
STOPS = {visit.case_id: visit.stop_id for visit in VISITS}


def read(text, visits=VISITS, now=NOW):
    return checked(read_given_text(text), visits, now)


def said(text):
    """The one report of a text."""
    (report,), refused = read(text)
    assert refused == []
    return report


def refused(text):
    """Why the one line of a text was given back."""
    reports, (one,) = read(text)
    assert reports == []
    return one.why


# --- typed lines -----------------------------------------------------------------------------------


def test_a_typed_line_is_stop_outcome_minutes_and_note():
    report = said(f"{STOPS['A-1']} met_persuaded 15 家属在场 已报所长")
    assert (report.visit.case_id, report.outcome, report.there_minutes) == ("A-1", "met_persuaded", 15)
    assert report.note == "家属在场 已报所长"
    assert (report.at, report.met_at) == (NOW, NOW - timedelta(minutes=15))


@pytest.mark.parametrize(
    "line",
    [
        "{code} 不在家 5 邻居说去了市里",
        "{code}不在家5分钟 邻居说去了市里",
        "{code},not home,5,邻居说去了市里",
        "{code}，不在家，5分，邻居说去了市里",
        "{lower}\tnot_home\t5\t邻居说去了市里",
        "{code} 3 5 邻居说去了市里",  # 3: the third of the list that sheets print
        "Ａ-1 没人 5 邻居说去了市里",  # the case, in full width
        "A-1：家中无人 5min 邻居说去了市里",
    ],
)
def test_a_line_is_read_as_people_write_it(line):
    report = said(line.format(code=CODES["A-1"], lower=CODES["A-1"].lower()))
    assert (report.visit.case_id, report.outcome, report.there_minutes) == ("A-1", "not_home", 5)
    assert report.note == "邻居说去了市里"


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_is_known_by_its_code_its_words_and_what_else_people_say(outcome):
    for spelling in (outcome, outcome.upper(), *WORDS[outcome], *ALSO[outcome]):
        assert outcome_of(spelling) == outcome, spelling
        assert said(f"A-1 {spelling} 7").outcome == outcome


def test_a_floor_is_no_number_of_minutes():
    report = said("A-1 不在家 3楼没人应")
    assert (report.there_minutes, report.note) == (None, "3楼没人应")


@pytest.mark.parametrize(
    ("clock", "minutes_ago"), [("15:32", 28), ("16:00", 0), ("16:05", 0), ("14:00", 120)]
)
def test_a_clock_time_is_the_last_one_before_now(clock, minutes_ago):
    # now is 16:00; a watch a few minutes fast is not of yesterday
    for line in (f"A-1 不在家 {clock} 5 门锁着", f"A-1 不在家 5 {clock} 门锁着"):
        report = said(line)
        assert (report.at, report.there_minutes) == (NOW - timedelta(minutes=minutes_ago), 5)


def test_a_report_from_before_the_plan_is_given_back():
    assert "早于计划" in refused("A-1 不在家 12:00")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("hello everyone", "没有停靠点 hello"),
        ("S-1:99 不在家 5", "no stop S-1:99"),
        ("A-1 三楼", "应为：见面已劝阻 met_persuaded"),
        ("A-1 不在家 5000", "minutes there, 0 to 999"),
        ("A-1", "结果"),
    ],
)
def test_a_bad_line_says_what_was_found_and_what_was_expected(line, why):
    assert why in refused(line)


def test_an_id_that_begins_another_is_not_taken_for_it():
    # S-1:1 must not be read out of S-1:12
    assert "S-1:12" in refused("S-1:12 不在家 5")


def test_a_case_with_two_visits_is_asked_which():
    double = [
        *VISITS,
        VISITS[0].__class__("V-2:9", "ZZZZ9", "A-1", "V-2", VISITS[0].plan_id, VISITS[0].plan_at),
    ]
    _, (one,) = read("A-1 不在家 5", double)
    assert CODES["A-1"] in one.why
    assert "ZZZZ9" in one.why


def test_a_note_that_speaks_of_money_sent_is_shown_to_a_person():
    assert said("A-1 不在家 5 邻居说已转账").look
    assert not said("A-1 不在家 5 邻居说去了市里").look


@pytest.mark.parametrize(
    ("note", "yuan"),
    [
        ("已转5万元 工行", 50_000),
        ("转了 3,200.5 元", 3_200.5),
        ("两笔：2万元和3万元", None),
        ("不清楚", None),
    ],
)
def test_the_one_amount_of_a_note_is_what_was_sent(note, yuan):
    assert said(f"A-1 已转账 10 {note}").sent_yuan == yuan


# --- the message of the phone page -------------------------------------------------------------------

RECORDS = st.builds(
    Record,
    st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=5, max_size=8),
    st.sampled_from(OUTCOMES),
    st.integers(0, 7 * 1440),
    st.none() | st.integers(0, 999),
    st.none() | st.integers(0, 10**10),
    st.text(max_size=60),
)


def test_the_message_is_what_the_page_of_outcomes_says_it_is():
    # the example of docs/outcomes.md: whoever writes messages in another language can check against it
    records = [
        Record("7KQ2M", "not_home", 92, 15, None, "邻居在"),
        Record("8XJ2A", "already_transferred", 120, None, 50_000),
    ]
    text = encode(PLAN, records)
    page = (ROOT / "docs" / "outcomes.md").read_text(encoding="utf-8")
    assert text in page
    assert f"`{short_ids(PLAN, ['S-440902001-B:1'])['S-440902001-B:1']}`" in page
    assert decode(text).records == tuple(records)


@given(st.lists(RECORDS, max_size=6), st.booleans())
def test_a_message_comes_back_as_it_was_written_in_any_case(records, lower):
    text = encode(PLAN, records)
    assert set(text) <= set(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-."
    )  # QR alphanumeric, nothing a chat reformats
    found = decode(text.lower() if lower else text)
    plain = [one.note.encode().decode("utf-8") for one in records]
    assert [one.note for one in found.records] == plain
    assert found.records == tuple(records)
    assert found.faults == ()


def test_a_message_cut_anywhere_loses_only_what_was_cut_off():
    records = [Record("7KQ2M", "not_home", 92, 15, None, "邻居"), Record("8XJ2A", "elsewhere", 120)]
    records.append(Record("9AB3C", "unsafe", 130))
    text = encode(PLAN, records)
    for size in range(len("FD1-97E90BE6FF96-7"), len(text)):
        found = decode(text[:size])
        assert list(found.records) == records[: len(found.records)]
        assert found.faults
    bodies = text.split("-")
    assert len(decode("-".join(bodies[:4])).records) == 2  # after the second record: both are whole


def test_a_sign_changed_never_makes_another_report():
    records = [Record("7KQ2M", "not_home", 92, 15), Record("8XJ2A", "elsewhere", 120, 3)]
    text = encode(PLAN, records)
    for at in range(len("FD1-97E90BE6FF96-"), len(text)):
        for sign in "0123456789ABCDEFGHJKMNPQRSTVWXYZ.-":
            if sign != text[at]:
                found = decode(text[:at] + sign + text[at + 1 :])
                assert set(found.records) <= set(records)
                assert found.faults


def test_a_message_is_found_among_other_words_and_a_second_in_the_same_line():
    one, two = (encode(THE_PLAN.id, [Record(CODES[case], "not_home", 30, 5)]) for case in ("A-1", "A-2"))
    reports, bad = read(f"李四 15:40：{one}。再发 {two.lower()}\n")
    assert [report.visit.case_id for report in reports] == ["A-1", "A-2"]
    assert bad == []
    assert reports[0].at == make.NOW + timedelta(minutes=30)


def test_a_message_of_another_plan_or_version_is_given_back():
    assert "另一份计划" in refused(encode("0123456789ab", [Record(CODES["A-1"], "not_home", 30)]))
    assert "版本为 2" in refused(
        encode(THE_PLAN.id, [Record(CODES["A-1"], "not_home", 30)]).replace("FD1", "FD2")
    )
    with pytest.raises(Damaged):
        decode("hello")


def test_a_record_out_of_range_is_not_written():
    for record in (
        Record("7KQ2M", "dancing", 1),
        Record("7KQ2M", "not_home", -1),
        Record("7KQ2M", "not_home", 1, 1000),
        Record("7KQ2M", "not_home", 1, note="长" * 200),
    ):
        with pytest.raises(ValueError, match=r"outcome|minutes|note"):
            encode(PLAN, [record])


@given(
    st.lists(st.text(min_size=1, max_size=20), max_size=60, unique=True), st.randoms(use_true_random=False)
)
def test_short_ids_are_of_one_plan_and_do_not_depend_on_the_order(stops, random):
    codes = short_ids(PLAN, stops)
    shuffled = list(stops)
    random.shuffle(shuffled)
    assert short_ids(PLAN, shuffled) == codes
    assert len(set(codes.values())) == len(stops)
    assert all(len(code) >= 5 for code in codes.values())


def test_a_number_from_an_old_sheet_is_no_stop_of_the_new_plan():
    stops = [f"S-{n}:1" for n in range(300)]
    assert not set(short_ids(PLAN, stops).values()) & set(short_ids("0123456789ab", stops).values())


# --- tables ----------------------------------------------------------------------------------------


def workbook(path, rows):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return path


def test_a_filled_workbook_is_read_and_rows_not_filled_are_passed_over(tmp_path):
    rows = [
        ["顺序", "停靠点编号", "警情编号", "备注", "结果", "在场分钟", "回报备注"],
        [1, STOPS["A-1"], "A-1", "独居老人", "见面已劝阻", 15, "家属在场"],
        [2, STOPS["A-2"], "A-2", "独居老人", "", "", ""],
        [1, STOPS["A-3"], "A-1", "", "不在家", 5, ""],
    ]
    reports, bad = checked(read_given(workbook(tmp_path / "back.xlsx", rows)), VISITS, NOW)
    assert [(one.visit.case_id, one.there_minutes, one.note) for one in reports] == [("A-1", 15, "家属在场")]
    assert [(one.source, "A-3" in one.why) for one in bad] == [("row 4", True)]


def test_a_csv_with_headings_is_a_table_and_without_them_lines(tmp_path):
    path = tmp_path / "back.csv"
    path.write_text(f"stop_id,outcome,minutes,note\n{CODES['A-1']},not_home,5,锁着\n", encoding="gb18030")
    reports, _ = checked(read_given(path), VISITS, NOW)
    assert [(one.outcome, one.note) for one in reports] == [("not_home", "锁着")]
    path.write_text(f"{CODES['A-1']},not_home,5,锁着\n", encoding="utf-8")
    reports, _ = checked(read_given(path), VISITS, NOW)
    assert [(one.outcome, one.note) for one in reports] == [("not_home", "锁着")]


@pytest.mark.parametrize("way", ["standard input", "a pipe"])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_table_may_come_through_standard_input_or_a_pipe(tmp_path, way, form):
    rows = [["stop_id", "outcome", "minutes", "note"], [CODES["A-1"], "不在家", "5", "锁着"]]
    raw = workbook(tmp_path / "back.xlsx", rows).read_bytes()
    if form == "csv":
        raw = "".join(",".join(row) + "\n" for row in rows).encode("gb18030")
    if way == "a pipe":
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        writer = threading.Thread(target=pipe.write_bytes, args=(raw,))
        writer.start()
        came = read_given(pipe)
        writer.join()
    else:
        came = read_given_bytes(raw, "standard input")
    reports, bad = checked(came, VISITS, NOW)
    assert [(one.outcome, one.there_minutes, one.note) for one in reports] == [("not_home", 5, "锁着")]
    assert bad == []


def test_a_folder_is_no_file_of_reports(tmp_path):
    with pytest.raises(BadInput, match="cannot be read as a file"):
        read_given(tmp_path)


def test_a_workbook_without_a_column_of_outcomes_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(BadInput, match="expected stop_id"):
        read_given(workbook(tmp_path / "other.xlsx", [["a", "b"], [1, 2]]))


# --- garbage in ------------------------------------------------------------------------------------

GOOD = {
    f"{CODES['A-1']} 不在家 5 锁着": "A-1",
    f"{STOPS['A-2']} met_persuaded 15": "A-2",
    "A-3 已转账 9 3万元": "A-3",
}
MESSAGE_OF_TWO = encode(
    THE_PLAN.id, [Record(CODES["A-1"], "unsafe", 9), Record(CODES["A-3"], "elsewhere", 10)]
)
GARBAGE = st.text(max_size=60).filter(lambda text: not MESSAGE.search(text))


@given(st.lists(GARBAGE | st.sampled_from([*GOOD, MESSAGE_OF_TWO]), max_size=12))
def test_garbage_never_loses_a_good_line_nor_crashes(lines):
    text = "\n".join(
        line if line in GOOD or line == MESSAGE_OF_TWO else " ".join(line.splitlines()) for line in lines
    )
    reports, bad = read(text)
    found = [report.visit.case_id for report in reports]
    for line, case_id in GOOD.items():
        assert found.count(case_id) >= lines.count(line)
    assert found.count("A-3") >= lines.count("A-3 已转账 9 3万元") + lines.count(MESSAGE_OF_TWO)
    assert all(one.why for one in bad)


@given(st.binary(max_size=200), st.sampled_from(["utf-8", "gb18030"]))
def test_any_bytes_before_a_good_line_cost_only_their_own(tmp_path_factory, raw, encoding):
    path = tmp_path_factory.mktemp("bytes") / "back.txt"
    path.write_bytes(b"# note\n" + raw + f"\n{CODES['A-1']} 不在家 5\n".encode(encoding))
    reports, _ = checked(read_given(path), VISITS, NOW)
    assert reports[-1].outcome == "not_home"


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=20), st.text(max_size=30))
def test_any_words_after_a_known_stop_are_read_or_given_back(outcome, minutes, clock, note):
    reports, bad = read(f"A-1 {outcome} {minutes} {clock} {note}".replace("\n", " ").replace("\r", " "))
    assert len(reports) + len(bad) <= 1 or MESSAGE.search(outcome + minutes + clock + note)
    reports, bad = read(f"A-1 不在家 {note}".replace("\n", " ").replace("\r", " "))
    assert len(reports) + len(bad) >= 1


@given(st.lists(st.tuples(st.sampled_from(VISITS), st.sampled_from(OUTCOMES)), max_size=8))
def test_sending_everything_twice_changes_nothing(tmp_path_factory, pairs):
    path = tmp_path_factory.mktemp("kept") / "o.csv"
    reports, _ = read("\n".join(f"{visit.code} {outcome} 5 =1+1" for visit, outcome in pairs))
    first = keep_in_file(reports, path, received_at=NOW, by="li")
    before = path.read_bytes() if path.exists() else b""
    second = keep_in_file(reports, path, received_at=NOW + timedelta(minutes=9), by="wang")
    assert {one.became for one in second} <= {"same"}
    assert (path.read_bytes() if path.exists() else b"") == before
    told = {(visit.stop_id, outcome) for visit, outcome in pairs}
    assert sum(one.became != "same" for one in first) == len(told)  # each different report is kept, once


# --- kept beside the plan ----------------------------------------------------------------------------


@pytest.fixture
def plan_folder(tmp_path):
    folder = tmp_path / "plan"
    folder.mkdir()
    write_plan(PlanFile(DAY, THE_PLAN), folder)
    people = {"A-1": {"name": "陈晓明", "account": "6222020200112233445"}}
    (folder / "people.json").write_text(json.dumps(people), encoding="utf-8")
    return folder


def run(*arguments, text=""):
    return CliRunner().invoke(app, ["outcomes", *map(str, arguments)], input=text)


AT = ("--at", "2026-05-01T16:00", "--by", "li")


def test_reports_are_kept_beside_the_plan_as_events(plan_folder):
    done = run(plan_folder, *AT, text=f"{CODES['A-1']} 不在家 5 锁着\nA-2 met_persuaded 15\n")
    assert (done.exit_code, done.output.splitlines()[0]) == (
        0,
        "收到 2 条 = 新记 2 + 已有 0 + 不一致 0 + 退回 0",
    )
    path = plan_folder.parent / "plan.outcomes.csv"
    head, *rows = path.read_text(encoding="utf-8-sig").splitlines()
    assert head.startswith("event,at,case,responder,value,minutes,note")
    assert rows[0].startswith(f"outcome,2026-05-01T16:00:00+08:00,A-1,{WHO['A-1']},not_home,5,锁着")
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_same_again_changes_nothing_and_another_is_kept_beside_the_first(plan_folder):
    run(plan_folder, *AT, text="A-1 不在家 5\n")
    path = plan_folder.parent / "plan.outcomes.csv"
    before = path.read_bytes()
    again = run(plan_folder, *AT, text="A-1 不在家 9 晚上再去\n")
    assert "已有 1" in again.output
    assert path.read_bytes() == before
    other = run(plan_folder, *AT, text="A-1 已劝阻 9\n")
    assert other.exit_code == 3
    assert "见面已劝阻  ≠  不在家 (05-01 16:00 li)" in other.output
    (row,) = path.read_text(encoding="utf-8-sig").splitlines()[1:]
    assert ",not_home,5," in row  # the first stays what it was
    assert row.endswith("met_persuaded 2026-05-01T16:00+08:00 li")


def test_bad_lines_are_given_back_and_good_ones_kept(plan_folder):
    done = run(plan_folder, *AT, text="nonsense\nA-1 不在家 5\nA-2 三楼\n")
    assert done.exit_code == 3
    assert "收到 3 条 = 新记 1 + 已有 0 + 不一致 0 + 退回 2" in done.output
    assert "退回  line 1  nonsense" in done.output
    assert "退回  line 3  A-2 三楼" in done.output


def test_a_wrong_file_does_not_flood_the_screen(plan_folder):
    done = run(plan_folder, *AT, text="A-1 不在家 5\n" + "nonsense\n" * 200)
    assert done.output.count("nonsense  →") == 50
    assert "退回  另有 150 条，见 --json" in done.output
    assert (
        len(json.loads(run(plan_folder, *AT, "--json", text="A-1 1\n" + "x\n" * 200).output)["refused"])
        == 200
    )


def test_money_already_sent_prints_what_the_bank_desk_needs(plan_folder):
    done = run(plan_folder, *AT, text="A-1 已转账 5 15:40 转了2万元\n")
    assert "【紧急止付交接】警情 A-1" in done.output
    for words in ("20,000 元（已转）", "2026-05-01 15:40 报已转账", "6222020200112233445"):
        assert words in done.output
    again = run(plan_folder, *AT, text="A-1 已转账 5\n")
    assert "止付交接" not in again.output  # the bank is not asked twice
    unknown = json.loads(run(plan_folder, *AT, "--json", text="A-2 already transferred\n").output)
    assert unknown["stop_payments"][0]["amount_yuan"] is None
    assert unknown["stop_payments"][0]["account"] is None


def test_a_file_that_is_none_of_ours_is_not_written_over(plan_folder, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    done = run(plan_folder, *AT, "--out", other, text="A-1 不在家 5\n")
    assert "is no file of outcomes" in str(done.exception)
    assert other.read_text() == "a,b\n1,2\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "holds no report"), ("# nothing\n\n", "holds no report"), ("hello\n", "none of 1 reports")],
)
def test_what_holds_no_report_is_an_error(plan_folder, text, says):
    done = run(plan_folder, *AT, text=text)
    assert isinstance(done.exception, BadInput)
    assert says in str(done.exception)


def test_a_plan_or_a_ledger_is_needed_and_not_both(plan_folder):
    assert run(text="A-1 不在家").exit_code == 2
    assert run(plan_folder, "--ledger", "x.db", text="A-1 不在家").exit_code == 2


def test_a_replan_reads_the_file_as_its_events(plan_folder):
    run(plan_folder, *AT, text="A-1 不在家 5 =cmd\nA-2 已劝阻 15\nA-1 已劝阻 5\n")
    news = read_events(plan_folder.parent / "plan.outcomes.csv", {}, "Asia/Shanghai")
    assert len(news.rejected) == 0
    assert [(one.kind, one.case_id, one.value, one.responder_id) for one in news.events] == [
        ("outcome", "A-1", "not_home", WHO["A-1"]),
        ("outcome", "A-2", "met_persuaded", WHO["A-2"]),
    ]


# --- kept in the ledger ------------------------------------------------------------------------------


@pytest.fixture
def sent(ledger):
    """A ledger with two visits of a plan, sent."""
    kept_in(ledger, {"account": "6222020200112233445"}, {})
    told = ledger.record_plan(*planned("A-1", "A-2"), at=make.NOW, by="li")
    ledger.steps([one.instruction_id for one in told], "sent", at=make.NOW, by="li")
    return ledger


def test_the_ledger_keeps_a_report_once_and_a_different_one_beside_it(sent, ledger_url):
    (code, _) = short_ids("abcdef123456", ["S-1/1", "S-1/2"]).values()
    first = run("--ledger", ledger_url, *AT, text=f"{code} 不在家 5 锁着\nS-1/2 已劝阻 10\n")
    assert (first.exit_code, "新记 2" in first.output) == (0, True)
    assert "已有 2" in run("--ledger", ledger_url, *AT, text=f"{code} 不在家 5\nS-1/2 已劝阻\n").output
    other = run("--ledger", ledger_url, *AT, text=f"{code} 已劝阻 5\n")
    assert other.exit_code == 3
    assert "不一致 1" in other.output
    assert "已有 1" in run("--ledger", ledger_url, *AT, text=f"{code} 已劝阻 5\n").output
    one, two = sent.instructions(plan_id="abcdef123456")
    assert (one.outcome, [other["outcome"] for other in one.other_reports]) == ("not_home", ["met_persuaded"])
    assert (two.outcome, two.met_at) == ("met_persuaded", later(110))  # 16:00 less ten minutes there


def test_the_ledger_tells_the_bank_desk_the_account_and_notes_who_was_shown_it(sent, ledger_url):
    done = run("--ledger", ledger_url, *AT, text="A-1 已转账 5 15:40 已转2万元\n")
    assert "6222020200112233445" in done.output
    assert "20,000 元（已转）" in done.output
    assert [event.body["what"] for event in sent.shown("A-1")][-1] == "stop payment"


def test_the_message_of_a_phone_goes_into_the_ledger_once(sent, ledger_url):
    code, other = short_ids("abcdef123456", ["S-1/1", "S-1/2"]).values()
    message = encode(
        "abcdef123456",
        [
            Record(code, "not_home", 90, 5, None, "锁着"),
            Record(other, "already_transferred", 95, None, 30_000),
        ],
    )
    first = run("--ledger", ledger_url, *AT, text=f"李四：{message} 收到\n{message[:-7]}\n")
    assert (
        "收到 5 条 = 新记 2 + 已有 2 + 不一致 0 + 退回 1" in first.output
    )  # the second was cut: its records are whole
    assert "30,000 元（已转）" in first.output
    before = [one.outcome for one in sent.instructions(plan_id="abcdef123456")]
    again = run("--ledger", ledger_url, *AT, text=message)
    assert (again.exit_code, "新记 0 + 已有 2 + 不一致 0 + 退回 0" in again.output) == (0, True)
    assert [one.outcome for one in sent.instructions(plan_id="abcdef123456")] == before
    assert "止付交接" not in again.output
