"""Whatever a night brings, in whatever order: the state kept beside the events is the one they say."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st
from ledgers import alerts, kept, later, planned
from sqlalchemy import select

from dispatch.ledger import Ledger
from dispatch.ledger.recording import RESULTS
from dispatch.ledger.schema import STATES
from dispatch.reasons import OUTCOMES

CASES = st.sampled_from(["A-1", "A-2", "A-3"])
HAPPENINGS = st.one_of(
    st.tuples(st.just("rang"), CASES, st.sampled_from(RESULTS)),
    st.tuples(st.just("outcome"), CASES, st.sampled_from(OUTCOMES)),
    st.tuples(st.just("step"), CASES, st.sampled_from(["sent", "signed", "departed", "met", "cancelled"])),
    st.tuples(st.just("plan"), CASES, st.just("")),
    st.tuples(st.just("hold"), CASES, st.sampled_from(["bank", "line"])),
    st.tuples(st.just("alert"), CASES, st.just("")),
    st.tuples(st.sampled_from(["close", "reopen"]), CASES, st.just("")),
)


def happen(ledger, minute, what, case_id, value):
    """One thing, as a dispatcher would record it."""
    given = {"at": later(minute), "by": "li"}
    live = ledger.case(case_id).instruction_id
    if what == "rang":
        ledger.record_contact(case_id, value, **given)
    elif what == "outcome":
        ledger.record_outcome(value, instruction_id=live, case_id=case_id, **given)
    elif what == "step" and live:
        ledger.step(live, value, **given)
    elif what == "plan":
        ledger.record_plan(*planned(case_id, at=later(minute), plan_id=f"{minute:012d}"), **given)
    elif what == "hold":
        ledger.place_hold(case_id, value, later(minute + 30), **given)
    elif what == "alert":
        number = int(case_id[-1]) - 1
        row = {"alert_id": f"B-{minute}", "phone": f"1380000{number:04d}"}
        ledger.record_alerts(alerts(row), **given)
    elif what == "close":
        ledger.close_case(case_id, "x", **given)
    elif what == "reopen":
        ledger.reopen_case(case_id, **given)


def derived(ledger):
    with ledger._keeper.reading() as connection:
        return [
            sorted(map(tuple, connection.execute(select(one))), key=lambda row: str(row[0])) for one in STATES
        ]


@settings(max_examples=15)
@given(st.lists(HAPPENINGS, max_size=12))
@example([("outcome", "A-2", "duplicate"), ("outcome", "A-2", "met_persuaded")])
def test_after_any_night_every_case_is_somewhere_and_the_state_is_the_events(empty_ledger_file, night):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "l.db"
        shutil.copy(empty_ledger_file, path)
        ledger = kept(Ledger.open(path), {}, {}, {})
        for minute, one in enumerate(night, start=1):
            happen(ledger, minute, *one)
        before = derived(ledger)
        ledger.rebuild()
        assert derived(ledger) == before
        at = later(len(night) + 1)
        ids = [f"A-{n}" for n in (1, 2, 3)]
        to_do = {one.case_id for one in ledger.open_cases(at)}
        for case in map(
            ledger.case, ids
        ):  # to be worked on, waiting for a second visit, or closed: one of them
            waits = case.next_visit_at is not None and case.next_visit_at > at
            closed = case.case_id not in to_do and not waits
            assert (case.case_id in to_do) + waits + closed == 1
            assert closed == (before[0][ids.index(case.case_id)][-2] is not None)  # closed_at
            assert case.version == len(
                [one for one, _ in ledger.history(case.case_id) if one.kind != "shown"]
            )
