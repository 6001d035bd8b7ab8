"""Figures of a report by hand, and what holds of any: sums close, shares are shares, languages do not count."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import NOW, kept, later, planned

from dispatch.domain import TIERS
from dispatch.errors import BadInput
from dispatch.ledger import Event
from dispatch.report import Share, period_of, report_of
from dispatch.report.facts import Facts, Person, Visit
from dispatch.report.figures import GROUPED, POOLED, figures
from dispatch.report.from_ledger import facts_of_ledger
from dispatch.report.periods import COMPARED
from dispatch.report.telling import compared, definitions, groups, tiles

ZONE = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 5, 1, tzinfo=ZONE)
NEXT_DAY = DAY + timedelta(days=1)


def at(hour, minute=0):
    return DAY + timedelta(hours=hour, minutes=minute)


def person(fate="no_visit", *visits, hour=9, **given):
    return Person(at(hour), fate, visits=visits, **given)


def facts(*people, more_alerts=0, **given):
    moments = [one.alerted_at for one in people] + [at(20)] * more_alerts
    return Facts(people, tuple(moments), **given)


def day(moment="2026-05-01", span="day"):
    return period_of(span, moment, ZONE, NEXT_DAY)


# ---- periods


@pytest.mark.parametrize(
    ("span", "moment", "start", "end"),
    [
        ("day", "2026-05-01", "2026-05-01", "2026-05-02"),
        ("week", "2026-05-03", "2026-04-27", "2026-05-04"),  # a Sunday is the last day of its week
        ("week", "2026-05-04", "2026-05-04", "2026-05-11"),  # a Monday the first
        ("month", "2026-12-31", "2026-12-01", "2027-01-01"),
        ("month", "2024-02-29", "2024-02-01", "2024-03-01"),
    ],
)
def test_a_period_is_a_whole_day_week_or_month_of_the_zone(span, moment, start, end):
    found = period_of(span, moment, ZONE, datetime(2030, 1, 1, tzinfo=ZONE))
    assert (found.start, found.end) == tuple(
        datetime.fromisoformat(one).replace(tzinfo=ZONE) for one in (start, end)
    )
    assert found.whole


def test_the_week_begins_at_midnight_of_the_areas_zone_not_of_utc():
    # Sunday 23:59 in Shanghai is 15:59 UTC; a minute later it is Monday there and still Sunday in UTC
    late, early = (
        period_of("week", moment, ZONE, NOW)
        for moment in ("2026-05-03T15:59+00:00", "2026-05-03T16:00+00:00")
    )
    assert late.start.date() == date(2026, 4, 27)
    assert early.start.date() == date(2026, 5, 4)
    assert early.start.utcoffset() == timedelta(hours=8)


def test_a_period_that_still_lasts_is_compared_as_far_as_it_has_come():
    found = day("2026-05-01T14:00")
    assert (found.start, found.end, found.as_of) == (DAY, at(14), at(14))
    before = {which: found.before(which) for which in COMPARED["day"]}
    assert before["day_before"].end == at(14) - timedelta(days=1)
    assert before["week_before"].as_of == at(14) - timedelta(days=7)
    assert before["year_before"].start.date() == date(2025, 5, 1)


@pytest.mark.parametrize(
    ("span", "moment", "which", "start"),
    [
        ("day", "2024-02-29", "year_before", date(2023, 2, 28)),
        ("week", "2026-12-31", "year_before", date(2025, 12, 22)),  # 2025 has no week 53: its last
        ("week", "2026-05-01", "year_before", date(2025, 4, 28)),  # week 18, like 27 April 2026
        ("month", "2026-03-31", "month_before", date(2026, 2, 1)),
        ("month", "2026-01-31", "month_before", date(2025, 12, 1)),
    ],
)
def test_the_period_before_is_the_calendars(span, moment, which, start):
    found = period_of(span, moment, ZONE, datetime(2030, 1, 1, tzinfo=ZONE)).before(which)
    assert found.start.date() == start


@pytest.mark.parametrize("given", ["tomorrow", "2026-13-01", "2026-05-01T99:00", ""])
def test_what_is_no_day_is_said_in_one_sentence(given):
    with pytest.raises(BadInput, match="expected a day such as 2026-05-01"):
        period_of("day", given, ZONE, NOW)


# ---- figures


def test_every_figure_by_hand():
    gone = Visit(
        kind="station",
        sent=True,
        signed=True,
        was_there=True,
        outcome="met_persuaded",
        met_at=at(10),
        averted_yuan=100.0,
    )
    late = Visit(
        kind="town", sent=True, late=("signed", "met"), was_there=True, outcome="not_home", averted_yuan=50.0
    )
    people = (
        person("planned", gone, amount_yuan=8000.0),
        person(
            "planned", gone, amount_yuan=9000.0, defrauded=True
        ),  # persuaded, and paid all the same: not verified
        person("planned", late),
        person("planned", Visit(kind="town", sent=False)),
        person("left_out"),
        person("not_yet"),
        person("no_visit", by_phone=True),
    )
    found = figures(facts(*people, more_alerts=2, rejected=3))
    # 7 people, 2 more alerts of theirs, 3 rejected rows: 12 = 3 + 1 + (1 + 2) + 4 + 1
    assert [count for _, count in found.sum.parts] == [3, 1, 3, 4, 1]
    assert found.sum.received == 12
    assert found.by_phone == Share(1, 7)
    assert found.visited == Share(3, 4)
    assert found.met == Share(2, 3)
    assert found.persuaded == Share(2, 2)
    assert found.signed == Share(2, 3)  # of three sent; the fourth was not
    assert found.overdue == Share(1, 3)
    assert found.defrauded == Share(1, 7)
    assert (found.money.modelled_yuan, found.money.modelled) == (250.0, 3)
    assert (found.money.verified_yuan, found.money.verified, found.money.persuaded) == (8000.0, 1, 1)
    assert (found.minutes_to_meet, found.timed_meetings) == (60.0, 2)  # alerted at 9, met at 10


def test_persuaded_by_telephone_and_met_at_the_door_is_not_settled_by_telephone():
    met = Visit(was_there=True, outcome="met_refused")
    assert figures(facts(person("planned", met, by_phone=True))).by_phone == Share(0, 1)


def test_what_nobody_recorded_has_no_figure():
    found = figures(facts(person("planned", Visit()), steps_known=False))
    assert found.signed is None
    assert found.overdue is None
    assert found.sum.rejected is None
    assert found.money.modelled_yuan is None
    assert found.met.value is None  # of nobody visited


def test_a_share_is_of_something():
    assert Share(0, 0).value is None
    for numerator, denominator in ((2, 1), (-1, 3), (1, 0)):
        with pytest.raises(ValueError, match="no share"):
            Share(numerator, denominator)


def test_small_groups_are_put_together_until_they_are_no_longer_small():
    stations = ["big"] * 5 + ["middle"] * 3 + ["lone"]
    rows = report_of(day(), facts(*(person(station=one) for one in stations)), {}).groups["station"]
    # the lone person alone would be known; with the three of the next smallest they are four
    assert [(row.key, row.people, row.pooled) for row in rows] == [("big", 5, 0), (POOLED, 4, 2)]
    open_rows = report_of(
        day(), facts(*(person(station=one) for one in stations)), {}, smallest_group=1
    ).groups["station"]
    assert [row.key for row in open_rows] == ["big", "middle", "lone"]


def test_arrivals_are_off_by_signed_minutes_in_groups():
    def visit(minutes, kind="station", hour=9):
        return Visit(kind=kind, planned_at=at(hour), reached_at=at(hour) + timedelta(minutes=minutes))

    visits = [visit(minutes) for minutes in range(11)] + [visit(-4, "village", 10)]
    found = report_of(day(), facts(person("planned", *visits)), {})
    station, village = found.arrivals_by_kind
    # of 0, 1, … 10 the median is 5, the tenth percentile 1, the ninetieth 9
    assert (station.key, station.count, station.median, station.low, station.high) == (
        "station",
        11,
        5.0,
        1.0,
        9.0,
    )
    assert (village.key, village.median, village.low, village.high) == ("village", -4.0, None, None)
    assert [(one.key, one.count) for one in found.arrivals_by_hour] == [("09", 11), ("10", 1)]
    assert found.arrivals.count == 12


def test_change_is_said_for_what_there_was_and_never_as_nought_for_what_there_was_not():
    now = facts(*(person("planned", Visit(was_there=True)) for _ in range(3)), person("planned", Visit()))
    then = facts(person("planned", Visit(was_there=True)), person("planned", Visit()))
    grid = compared(report_of(day(), now, {"day_before": then, "week_before": None}), "en")
    rows = {row[0]: row[1:] for row in grid.rows}
    assert grid.heads == ("figure", "this period", "day before", "week before", "year before")
    assert rows["alerts received"] == ("4", "2 (+100.0%)", "no figure", "no figure")
    assert rows["visited"] == ("75.0% (3 of 4)", "50.0% (1 of 2) +25.0\u00a0points", "no figure", "no figure")
    assert rows["signed for"][0] == "– (0 of 0)"


# ---- any facts

MOMENTS = st.integers(0, 24 * 60 - 1).map(lambda minute: DAY + timedelta(minutes=minute))
VISITS = st.builds(
    Visit,
    kind=st.sampled_from(["station", "town", "village", "county", ""]),
    sent=st.booleans(),
    signed=st.booleans(),
    late=st.lists(st.sampled_from(["signed", "met"]), max_size=2, unique=True).map(tuple),
    was_there=st.booleans(),
    outcome=st.sampled_from(
        [None, "met_persuaded", "met_refused", "not_home", "already_transferred", "unsafe"]
    ),
    met_at=st.none() | MOMENTS,
    planned_at=st.none() | MOMENTS,
    reached_at=st.none() | MOMENTS,
    averted_yuan=st.none() | st.floats(-1e3, 1e6),
)
PEOPLE = st.builds(
    Person,
    alerted_at=MOMENTS,
    fate=st.sampled_from(["not_yet", "no_visit", "planned", "left_out"]),
    tier=st.none() | st.sampled_from(TIERS),
    fraud_type=st.sampled_from([None, "romance", "investment", "=1+1"]),
    county=st.sampled_from(["", "电白区", "{{7*7}}"]),
    station=st.sampled_from(["", "a", "b", "c", "d"]),
    amount_yuan=st.none() | st.floats(0, 1e7),
    by_phone=st.booleans(),
    defrauded=st.booleans(),
    visits=st.lists(VISITS, max_size=3).map(tuple),
)
ANY = st.builds(
    lambda people, more, rejected, known: facts(
        *people, more_alerts=more if people else 0, rejected=rejected, steps_known=known
    ),
    st.lists(PEOPLE, max_size=12),
    st.integers(0, 3),
    st.none() | st.integers(0, 4),
    st.booleans(),
)


@settings(max_examples=60)
@given(ANY, st.integers(1, 4))
def test_sums_close_and_shares_are_shares_for_any_facts(some, smallest):
    found = report_of(day(), some, {"day_before": some}, smallest_group=smallest)
    now = found.now
    assert now.sum.received == sum(count or 0 for _, count in now.sum.parts)
    assert sum(found.alerts_by_hour) == len(some.alerts)
    assert all(share is None or share.value is None or 0 <= share.value <= 1 for share in now.shares.values())
    for name in GROUPED:
        rows = found.groups[name]
        assert sum(row.people for row in rows) == now.people
        assert sum(row.visited.numerator for row in rows) == now.visited.numerator
        assert sum(row.defrauded for row in rows) == now.defrauded.numerator
        if name != "tier" and now.people >= smallest:
            assert all(row.people >= smallest for row in rows)
    for grid in compared(found, "en").rows:
        assert "no figure" in grid[-1]  # nothing is known of the year before


@settings(max_examples=25)
@given(ANY)
def test_the_language_does_not_change_a_number(some):
    found = report_of(day(), some, {"day_before": some})
    digits = []
    for language in ("zh", "en"):
        cells = [one.value + one.note for one in tiles(found, language)]
        cells += [cell for row in compared(found, language).rows for cell in row[1:]]
        cells += [cell for grid in groups(found, language) for row in grid.rows for cell in row[1:]]
        digits.append(["".join(sign for sign in cell if sign in "0123456789.,%+−–") for cell in cells])
    zh, en = digits
    assert zh == en


def test_every_figure_has_its_meaning_in_both_languages_and_none_is_cut():
    found = report_of(day(), Facts(), {})
    for language in ("zh", "en"):
        told = definitions(found, language)
        assert [number for number, _, _ in told] == list(range(1, len(told) + 1))
        assert all(20 <= len(means) <= 299 or language == "zh" for _, _, means in told)
        assert not any("{" in means for _, _, means in told)


# ---- from a ledger


def reported(ledger, instruction, outcome, minute, **given):
    ledger.record_outcome(outcome, at=later(minute), by="team", instruction_id=instruction, **given)


def small_ledger(ledger):
    """Six alerts of five people: two visited, one left out, one persuaded by telephone, one after the plan."""
    kept(
        ledger,
        {"alert_id": "A-1", "alerted_at": "2026-05-01T13:30:00"},
        {"alert_id": "A-2", "alerted_at": "2026-05-01T13:40:00", "risk": "low", "fraud_type": "loan"},
        {"alert_id": "A-3", "alerted_at": "2026-05-01T13:50:00"},
        {"alert_id": "A-4", "alerted_at": "2026-05-01T12:00:00"},
        {"alert_id": "A-5", "alerted_at": "2026-05-01T14:30:00"},
        {"alert_id": "A-6", "alerted_at": "2026-05-01T13:45:00", "phone": "13800000000"},  # A-1's telephone
    )
    problem, plan = planned("A-1", "A-2", left_out=("A-3",))
    one, two = (
        instruction.instruction_id for instruction in ledger.record_plan(problem, plan, at=NOW, by="li")
    )
    ledger.record_contact("A-4", "persuaded", at=later(5), by="li")
    ledger.steps([one, two], "sent", at=later(0), by="li")
    for step, minute in (
        ("signed", 2),
        ("departed", 3),
        ("arrived", 16),
    ):  # planned to arrive at 10: six late
        ledger.step(one, step, at=later(minute), by="team")
    reported(ledger, one, "met_persuaded", 40, met_at=later(18))
    ledger.step(two, "signed", at=later(40), by="team")  # low risk may take 20 minutes: late
    reported(ledger, two, "already_transferred", 50, transferred_at=later(20))
    return ledger


def of_ledger(ledger, moment="2026-05-01T18:00", span="day"):
    period = period_of(span, moment, ZONE, NEXT_DAY)
    which = COMPARED[span]
    found, _ = facts_of_ledger(ledger, [period, *(period.before(one) for one in which)])
    return report_of(period, found[0], dict(zip(which, found[1:], strict=True)))


def test_a_small_ledger_gives_figures_one_can_count(ledger):
    found = of_ledger(small_ledger(ledger))
    now = found.now
    # A-1 and A-2 planned, A-3 left out, A-4 by telephone, A-5 after the plan, A-6 is A-1's
    assert dict(now.sum.parts) == {"rejected": None, "not_yet": 1, "no_visit": 2, "planned": 2, "left_out": 1}
    assert (now.sum.received, now.people) == (6, 5)
    assert now.by_phone == Share(1, 5)
    assert now.visited == Share(2, 2)
    assert now.met == Share(1, 2)
    assert now.persuaded == Share(1, 1)
    assert now.signed == Share(2, 2)
    assert now.overdue == Share(1, 2)
    # signed after 40 minutes where 20 are allowed; met by nobody by 14:30, when 14:30 and 30 minutes were allowed
    assert found.late_steps == {"signed": 1}
    assert now.defrauded == Share(1, 5)
    assert now.money.verified_yuan == 50_000
    assert now.money.modelled == 2
    assert now.minutes_to_meet == 48.0  # alerted 13:30, met 14:18
    assert (found.arrivals.count, found.arrivals.median) == (1, 6.0)
    assert found.alerts_by_hour[12:15] == (1, 4, 1)
    assert {row.key: row.people for row in found.groups["tier"]} == {"high": 4, "low": 1}
    assert all(one.figures is None for one in found.before)


def test_a_report_tells_what_was_known_then(ledger):
    book = small_ledger(ledger)
    early = of_ledger(book, "2026-05-01T14:17").now
    assert (early.people, early.visited, early.met, early.defrauded) == (
        4,
        Share(1, 2),
        Share(0, 1),
        Share(0, 4),
    )
    assert early.by_phone == Share(1, 4)
    assert early.persuaded == Share(0, 0)
    assert early.overdue == Share(0, 2)


def test_the_day_before_is_compared_if_the_ledger_had_begun(ledger):
    kept(
        small_ledger(ledger), {"alert_id": "B-1", "alerted_at": "2026-05-02T09:00:00", "phone": "13900000001"}
    )
    day_after = of_ledger(ledger, "2026-05-02T18:00")
    before = {one.which: one.figures for one in day_after.before}
    assert before["day_before"].sum.received == 6
    assert before["week_before"] is before["year_before"] is None
    # a day on which nothing came in, of a ledger that had begun, is a nought and no gap
    quiet = of_ledger(ledger, "2026-05-09T18:00")
    assert quiet.empty
    assert {one.which: one.figures and one.figures.sum.received for one in quiet.before} == {
        "day_before": 0, "week_before": 1, "year_before": None,
    }  # fmt: skip


def test_an_instruction_called_off_before_anybody_was_there_counts_for_nothing(ledger):
    kept(ledger)
    problem, plan = planned("A-1", "A-2")
    one, two = (
        instruction.instruction_id for instruction in ledger.record_plan(problem, plan, at=NOW, by="li")
    )
    ledger.steps([one, two], "sent", at=later(0), by="li")
    ledger.step(one, "cancelled", at=later(30), by="li")
    found = of_ledger(ledger).now
    assert found.signed == Share(0, 1)
    assert dict(found.sum.parts)["planned"] == 1


def test_a_plan_tells_the_ledger_what_a_report_needs(ledger):
    kept(ledger)
    problem, plan = planned("A-1", left_out=("A-2",))
    ledger.record_plan(problem, plan, at=NOW, by="li", summary={"area": "演练", "synthetic": True})
    (draft,) = [event for event, _ in ledger.history("A-1") if event.kind == "drafted"]
    # arrives at 10 minutes after a drive of 10; that averts what waiting for ever would lose less what ten minutes do
    assert datetime.fromisoformat(draft.body["arrive_by"]) == later(10)
    assert draft.body["drive_minutes"] == 10.0
    assert draft.body["averted_yuan"] > 0
    period = period_of("day", "2026-05-01T18:00", ZONE, NEXT_DAY)
    (found,), area = facts_of_ledger(ledger, [period])
    assert (area, found.synthetic) == ("演练", True)
    assert {one.county for one in found.people} == {"k1"}


def test_steps_told_out_of_order_do_not_stop_a_report(ledger):
    book = small_ledger(ledger)
    (one, *_) = book.instructions(case_id="A-2")
    # heard of before the plan that drafted it, as far as its moment says
    book.record(Event("arrived", NOW - timedelta(hours=1), "x", "A-2", one.instruction_id))
    assert of_ledger(book, "2026-05-01T13:55").now.people == 4


def test_weeks_of_a_ledger_add_up_to_its_days(ledger):
    rows = [
        {
            "alert_id": f"A-{n}",
            "alerted_at": f"2026-05-{n + 1:02d}T0{n % 3}:10:00",
            "phone": f"1390000{n:04d}",
        }
        for n in range(12)
    ]
    kept(ledger, *rows)
    weeks = [of_ledger(ledger, f"2026-05-{n:02d}T23:59", "week") for n in (3, 10, 17)]
    # 1 to 3 May, 4 to 10 May, 11 and 12 May
    assert [one.now.sum.received for one in weeks] == [3, 7, 2]
    assert [[alerts for _, alerts, _ in one.alerts_by_day] for one in weeks][1] == [1] * 7
    days = [day for day, _, _ in weeks[1].alerts_by_day]
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))
