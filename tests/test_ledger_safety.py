"""What must not be lost, and what must be: kill -9, backup and restore, forgetting, sealing."""

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from ledgers import KEY, NOW, alerts, kept, later, planned
from sqlalchemy import func, select

from dispatch.errors import BadInput, MissingInput, OutputExists
from dispatch.ledger import Ledger, copying
from dispatch.ledger.schema import STATES, alert, event, instruction_state, words
from dispatch.ledger.sealing import KEY_VARIABLE, Seal, key_of

KILLER = Path(__file__).parent / "ledger_killer.py"
SECRETS = ("陈晓明", "13800000000", "水东镇南海村12号", "独居老人", "6217000012345678901", "孙子在深圳")


def secret_case(ledger):
    """One case with everything about a person, closed; and one that is still open."""
    another = {"name": "赵不忘", "phone": "13911112222", "address": "高州市", "note": ""}
    kept(ledger, {"account": "6217000012345678901", "lon": "111.012345"}, another)
    ledger.record_contact("A-1", "busy", at=NOW, by="li", note="孙子在深圳")
    ledger.promise("A-1", "孙子在深圳，明天再打", later(60), at=NOW, by="li")
    ledger.record_outcome("duplicate", at=later(10), by="S-1", case_id="A-1")
    return ledger


def everything(ledger):
    with ledger._keeper.reading() as connection:
        tables = (event, alert, words, *STATES)
        return [
            sorted(map(tuple, connection.execute(select(table))), key=lambda row: str(row[0]))
            for table in tables
        ]


# ---------------------------------------------------------------- kill -9


@pytest.mark.slow
def test_writers_killed_lose_nothing_committed_and_leave_nothing_half_written(ledger_url):
    ledger = Ledger.create(ledger_url)
    times = 15 if "://" in ledger_url else 50  # a server whose client dies is the easier case
    done = subprocess.run(
        [sys.executable, KILLER, ledger_url, str(times)], capture_output=True, text=True, check=True
    )
    said = [line.split() for line in done.stdout.splitlines()]
    assert len({one[1].split("-")[0] for one in said}) == times  # all had written before they were killed
    told = {one.case_id: one for one in ledger.instructions()}
    cases = {one.case_id: one for one in ledger.open_cases(later(5))}
    for what, *ids in said:  # what was said to be committed is there
        assert set(ids) <= cases.keys()
        assert what != "plan" or set(ids) <= told.keys()
        assert what != "contact" or cases[ids[0]].attempts == 1
    pairs = {one.removesuffix("a").removesuffix("b") for one in cases}
    for pair in pairs:  # what was written together is there together
        assert {f"{pair}a", f"{pair}b"} <= cases.keys()
        assert (f"{pair}a" in told) == (f"{pair}b" in told)
    with ledger._keeper.reading() as connection:
        count = select(func.count()).select_from
        alerted = select(func.count()).where(event.c.kind == "alerted")
        assert connection.scalar(count(alert)) == connection.scalar(alerted) == len(cases)
        rang = select(func.count()).where(event.c.kind == "rang")
        assert connection.scalar(count(words)) == connection.scalar(rang)
        drafted = select(func.count()).where(event.c.kind == "drafted")
        assert connection.scalar(count(instruction_state)) == connection.scalar(drafted)
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    before = everything(ledger)
    ledger.rebuild()
    assert everything(ledger) == before


# ---------------------------------------------------------------- backup and restore


def test_what_is_restored_is_what_was_backed_up(ledger, ledger_url, tmp_path):
    secret_case(ledger)
    before = everything(ledger)
    copying.backup(ledger_url, tmp_path / "copy")
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600
    ledger.record_contact("A-2", "busy", at=NOW, by="li")
    with pytest.raises(OutputExists):
        copying.restore(tmp_path / "copy", ledger_url)
    copying.restore(tmp_path / "copy", ledger_url, force=True)
    again = Ledger.open(ledger_url)
    assert everything(again) == before
    again.record_contact("A-2", "off", at=NOW, by="li")  # and it goes on from there
    assert again.case("A-2").attempts == 1


def test_a_backup_is_restored_where_there_is_nothing(ledger, ledger_url, tmp_path, request):
    secret_case(ledger)
    before = everything(ledger)
    copying.backup(ledger_url, tmp_path / "copy")
    if "://" in ledger_url:
        elsewhere = request.getfixturevalue("postgres_server").empty_database()
    else:
        elsewhere = tmp_path / "new" / "ledger.db"
        elsewhere.parent.mkdir()
    copying.restore(tmp_path / "copy", elsewhere)
    assert everything(Ledger.open(elsewhere)) == before


def test_a_backup_is_of_one_moment_while_others_write(tmp_path):
    ledger = kept(Ledger.create(tmp_path / "l.db"), {})
    with ledger._keeper.writing() as connection:  # a writer in the middle of something
        connection.execute(alert.delete())
        copying.backup(tmp_path / "l.db", tmp_path / "copy")
    copying.check_copy(tmp_path / "copy")
    with sqlite3.connect(tmp_path / "copy") as copy:
        assert copy.execute("SELECT count(*) FROM alert").fetchone() == (1,)


@pytest.mark.parametrize(
    "content", [b"", b"no backup", b"SQLite format 3\x00" + b"\x00" * 4000, b"PGDMP" + b"\x00" * 99]
)
def test_a_damaged_backup_is_refused_and_the_ledger_stays(tmp_path, content):
    ledger = kept(Ledger.create(tmp_path / "l.db"), {})
    (tmp_path / "copy").write_bytes(content)
    with pytest.raises(BadInput):
        copying.restore(tmp_path / "copy", tmp_path / "l.db", force=True)
    assert len(ledger.open_cases(NOW)) == 1


def test_a_backup_of_nothing_and_over_something_is_refused(tmp_path):
    with pytest.raises(MissingInput, match="dispatch ledger init"):
        copying.backup(tmp_path / "none.db", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []
    Ledger.create(tmp_path / "l.db")
    (tmp_path / "copy").write_text("precious")
    with pytest.raises(OutputExists):
        copying.backup(tmp_path / "l.db", tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "precious"


# ---------------------------------------------------------------- forgetting


def bytes_of(ledger_url, server=None):
    """Every byte of the database's files: log and index beside a SQLite file, the tables of a server."""
    if "://" not in ledger_url:
        return b"".join(path.read_bytes() for path in Path(ledger_url).parent.iterdir() if path.is_file())
    server.run("psql", "--quiet", f"--dbname={ledger_url}", "--command=CHECKPOINT")
    return b"".join(path.read_bytes() for path in (server.data / "base").rglob("*") if path.is_file())


def test_what_is_forgotten_is_in_no_byte_of_the_files(ledger, ledger_url, request):
    server = request.getfixturevalue("postgres_server") if "://" in ledger_url else None
    secret_case(ledger)
    before = bytes_of(ledger_url, server)
    assert [one for one in SECRETS if one.encode() not in before] == []  # they could be found
    done = ledger.forget(later(60))
    assert (done.cases, done.rows, done.kept_open, done.clean) == (1, 1, 1, True)
    after = bytes_of(ledger_url, server)
    assert [one for one in SECRETS if one.encode() in after] == []
    assert "赵不忘".encode() in after  # the open case keeps its person


def test_statistics_stay_when_people_are_forgotten(ledger):
    secret_case(ledger)
    before = [(one.kind, one.at, one.case_id, dict(one.body)) for one in ledger.events()]
    case = ledger.case("A-1")
    ledger.forget(later(60))
    after = [(one.kind, one.at, one.case_id, dict(one.body)) for one in ledger.events()]
    assert after[:-1] == before
    assert after[-1][0] == "forgot"
    assert ledger.case("A-1") == case
    assert ledger.people(["A-1"])["A-1"] == {"name": "", "phone": "", "address": ""}
    assert [text for _, text in ledger.history("A-1")] == ["", "", "", ""]


@pytest.mark.parametrize(("before", "forgotten"), [(10, 0), (11, 1)])
def test_only_cases_closed_before_the_day_are_forgotten(ledger, before, forgotten):
    assert secret_case(ledger).forget(later(before)).cases == forgotten


def test_no_event_says_who_or_where(ledger):
    secret_case(ledger)
    ledger.record_plan(*planned("A-2"), at=NOW, by="li")
    with ledger._keeper.reading() as connection:
        said = " ".join(str(tuple(row)) for row in connection.execute(select(event)))
    assert [one for one in (*SECRETS, "赵不忘", "111.01") if one in said] == []


def test_bytes_that_cannot_be_overwritten_yet_are_not_called_clean(tmp_path):
    ledger = secret_case(Ledger.create(tmp_path / "l.db"))
    reader = sqlite3.connect(tmp_path / "l.db")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM alert").fetchone()  # somebody looks at the moment before
    assert not ledger.forget(later(60)).clean
    reader.close()
    assert ledger.forget(later(60)).clean
    assert [one for one in SECRETS if one.encode() in bytes_of(str(tmp_path / "l.db"))] == []


# ---------------------------------------------------------------- sealing


def test_a_sealed_ledger_shows_nobody_to_those_without_the_key(ledger_url, request):
    server = request.getfixturevalue("postgres_server") if "://" in ledger_url else None
    ledger = secret_case(Ledger.create(ledger_url, sealed=True, key=KEY))
    found = bytes_of(ledger_url, server)
    assert [one for one in (*SECRETS, "赵不忘") if one.encode() in found] == []
    rows = ledger.remembered(NOW, "Asia/Shanghai").rows
    assert (rows.iloc[0]["name"], rows.iloc[0]["phone"], rows.iloc[0]["lon"]) == (
        "赵不忘",
        "13911112222",
        111.01,
    )
    assert ledger.promises()[0].text == "孙子在深圳，明天再打"
    assert [one.case_id for one, _ in ledger.cases_near(111.01, 21.51, 50, NOW)] == ["A-2"]


def test_a_sealed_ledger_knows_a_person_again(ledger_url):
    ledger = kept(Ledger.create(ledger_url, sealed=True, key=KEY), {})
    ledger.record_alerts(alerts({"alert_id": "B-1", "phone": "13800000000"}), at=NOW, by="li")
    assert [one.case_id for one in ledger.open_cases(NOW)] == ["A-1"]


def test_a_sealed_ledger_opens_with_its_key_alone(tmp_path, monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with pytest.raises(BadInput, match="openssl rand"):
        Ledger.create(tmp_path / "l.db", sealed=True)
    Ledger.create(tmp_path / "l.db", sealed=True, key=KEY)
    with pytest.raises(BadInput, match=f"set {KEY_VARIABLE}"):
        Ledger.open(tmp_path / "l.db")
    with pytest.raises(BadInput, match="another key"):
        Ledger.open(tmp_path / "l.db", key=bytes(32))
    monkeypatch.setenv(KEY_VARIABLE, KEY.hex())
    assert Ledger.open(tmp_path / "l.db").sealed


def test_a_sealed_value_opens_only_where_it_belongs():
    seal = Seal(KEY, b"pepper")
    closed = seal.close("陈晓明", "name A-1")
    assert seal.open(closed, "name A-1") == "陈晓明"
    assert closed != seal.close("陈晓明", "name A-1")  # a nonce of its own each time
    for changed, place in (
        (closed, "name A-2"),
        (closed[:-6] + "AAAA==", "name A-1"),
        ("s1:???", "name A-1"),
    ):
        with pytest.raises(BadInput, match="does not open"):
            seal.open(changed, place)


@pytest.mark.parametrize("text", ["short", "g" * 64, "A" * 44 + "=="])
def test_a_key_that_is_none_is_refused_without_being_shown(text):
    with pytest.raises(BadInput, match="64 hexadecimal digits") as raised:
        key_of({KEY_VARIABLE: text})
    assert text not in str(raised.value)
