"""Alerts that did come, played again; and one replication told change by change, audited, on a map."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from doors import DAY, run_dispatch
from make_simulation import built_of, scenario_of

from dispatch.area import open_area
from dispatch.day import read_rules
from dispatch.errors import BadInput
from dispatch.intake.alerts import read_alerts
from dispatch.ledger import Ledger
from dispatch.places.gazetteer import Gazetteer
from dispatch.simulate import replicate_with_log
from dispatch.simulate.given import Given, tape_for
from dispatch.simulate.pages.replay import legs_of
from dispatch.simulate.results.events import CHANGES_ZH, alerts_table, events_table
from dispatch.simulate.scenarios.past import given, over, past_of, within

ZONE = ZoneInfo("Asia/Shanghai")
SHORT = (
    "[clock]\ndays = 1.0\nwarm_up_days = 0.25\n[run]\nreplications = 2\n[demand]\nalerts_per_day = 200.0\n"
)


@pytest.fixture(scope="module")
def few_alerts(tmp_path_factory):
    """Sixty rows of the practice day, in a file."""
    path = tmp_path_factory.mktemp("past") / "alerts.csv"
    rows = list(csv.reader(DAY.read_text(encoding="utf-8-sig").splitlines()))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([rows[0], *rows[1:1800:30]])
    return path


@pytest.fixture(scope="module")
def past(few_alerts):
    area, rules = open_area("maoming"), read_rules(None)
    rows = read_alerts(few_alerts, rules.columns, area.time_zone).rows
    return past_of(rows, Gazetteer(area.gazetteer, area.boundaries), rules)


def test_every_alert_is_played_once_at_its_own_moment(past, few_alerts):
    rows = read_alerts(few_alerts, None, "Asia/Shanghai").rows
    assert len(past.alerted_at) == rows["alert_id"].nunique()
    assert min(past.alerted_at) == rows["alerted_at"].min()
    made = over(scenario_of(), past, "Asia/Shanghai")
    assert made.clock.begins == datetime(2026, 4, 30, tzinfo=ZONE)
    assert (made.clock.days, made.clock.warm_up_days, made.demand.surges) == (2.0, 0.0, ())
    assert set(made.demand.fraud_share) == {fraud for fraud, _ in past.sorts}


def test_what_is_theirs_stays_and_what_is_chance_is_drawn_anew(past):
    world = built_of().world
    sorts = [one.partition("/")[::2] for one in world.demand.ids]
    alerts = given(type(past)(past.alerted_at, tuple(sorts[at % len(sorts)] for at in range(len(past.sorts))), past.lonlat, ()),
                   world.demand, built_of().districts, datetime(2026, 4, 30, tzinfo=ZONE))  # fmt: skip
    one, same, other = (tape_for(world, 7, number, alerts) for number in (0, 0, 1))
    assert np.array_equal(one.minute, other.minute)
    assert np.array_equal(one.demand_class, other.demand_class)
    known = alerts.zone >= 0
    assert np.array_equal(one.zone[known], other.zone[known])
    assert np.array_equal(one.amount_yuan, same.amount_yuan)
    assert not np.array_equal(one.amount_yuan, other.amount_yuan)


def test_who_is_nowhere_is_somewhere_else_each_time():
    world = built_of().world
    lost = Given(np.arange(50.0), np.zeros(50, np.int64), np.full(50, -1, np.int64))
    one, other = (tape_for(world, 1, number, lost) for number in (0, 1))
    assert (one.zone >= 0).all()
    assert not np.array_equal(one.zone, other.zone)


def test_rows_are_chosen_by_day(few_alerts):
    rows = read_alerts(few_alerts, None, "Asia/Shanghai").rows
    midnight = datetime(2026, 5, 1, tzinfo=ZONE)
    assert len(within(rows, midnight, None)) + len(within(rows, None, midnight)) == len(rows)
    assert (within(rows, None, midnight)["alerted_at"] < midnight).all()
    with pytest.raises(BadInput, match="nothing to replay"):
        past_of(rows.iloc[:0], None, read_rules(None))


def test_a_ledger_gives_back_the_rows_it_was_given(few_alerts, tmp_path, empty_ledger_file):
    path = tmp_path / "ledger.db"
    path.write_bytes(empty_ledger_file.read_bytes())
    rows = read_alerts(few_alerts, None, "Asia/Shanghai").rows
    book = Ledger.open(path)
    book.record_alerts(rows, at=rows["alerted_at"].max().to_pydatetime(), by="test")
    since, until = datetime(2026, 5, 1, tzinfo=ZONE), datetime(2026, 5, 2, tzinfo=ZONE)
    found = book.alert_rows(since, until, "Asia/Shanghai")
    assert sorted(found["alert_id"]) == sorted(within(rows, since, until)["alert_id"])


def test_the_command_plays_a_file_and_a_ledger_under_another_policy(few_alerts, tmp_path):
    (tmp_path / "s.toml").write_text(SHORT, encoding="utf-8")
    ledger = tmp_path / "l.db"
    assert run_dispatch("ledger", "init", "--ledger", ledger).returncode == 0
    assert run_dispatch("ledger", "import", few_alerts, "--ledger", ledger).returncode == 0
    arguments = ("simulate", "backtest", "--scenario", tmp_path / "s.toml", "--policy", "nearest", "--json")
    by_file = run_dispatch(*arguments, "--alerts", few_alerts, "--out", tmp_path / "f")
    assert by_file.returncode == 0, by_file.stderr
    said = json.loads(by_file.stdout)
    assert set(said["scenarios"]) == {"s policy.rule=loss", "s policy.rule=nearest"}
    figures = {one["figure"]: one for one in said["differences"]}
    assert figures["alerts"]["difference"] == 0.0
    assert (tmp_path / "f" / "report.html").is_file()
    days = ("--since", "2026-04-30", "--until", "2026-05-02")
    by_ledger = run_dispatch(*arguments, "--ledger", ledger, *days, "--out", tmp_path / "g")
    assert by_ledger.returncode == 0, by_ledger.stderr
    for name in said["scenarios"]:
        assert json.loads(by_ledger.stdout)["scenarios"][name] == said["scenarios"][name]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--policy", "nearest"), "either by --alerts FILE or by --ledger URL"),
        (("--policy", "magic", "--alerts", DAY), "expected nearest, loss, search, or a scenario file"),
        (("--policy", "loss", "--alerts", DAY), "would be compared with itself"),
        (("--policy", "nearest", "--alerts", DAY, "--since", "May"), "--since: found 'May'"),
        (("--policy", "nearest", "--alerts", DAY, "--since", "2030-01-01"), "nothing to replay"),
    ],
)
def test_a_backtest_that_cannot_be_is_one_sentence(words, said, tmp_path):
    done = run_dispatch("simulate", "backtest", *words, "--out", tmp_path / "o")
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def played():
    built = built_of()
    tape = tape_for(built.world, 1, 0)
    return built, *replicate_with_log(built.world, tape)


def test_drives_join_end_to_end(played):
    """A crew begins each drive where its last one ended; nobody drives two at once."""
    built, _, log = played
    legs = legs_of(built.world, log)
    same = legs.unit[1:] == legs.unit[:-1]
    assert same.any()
    assert np.allclose(legs.origin[1:][same], legs.target[:-1][same])
    assert (legs.start[1:][same] >= legs.end[:-1][same] - 1e-9).all()
    assert (legs.end >= legs.start).all()


def test_the_tables_name_every_change_and_close_every_alert(played):
    built, result, log = played
    events, alerts = events_table(built, log), alerts_table(built, result)
    assert len(events) == len(log) == result.changes
    assert set(events["change"]) <= set(CHANGES_ZH)
    assert (events["变化"] != "").all()
    assert len(alerts) == len(result.alert)
    assert (alerts["closed"] != "").all()
    met = alerts[alerts["outcome"] == "reached"]
    assert (met["alerted"] <= met["contact"]).all()


def test_the_log_is_audited_and_replayed(tmp_path, chromium):
    (tmp_path / "s.toml").write_text(SHORT, encoding="utf-8")
    arguments = ("simulate", "log", tmp_path / "s.toml", "--replication", "1", "--out", tmp_path / "o")
    done = run_dispatch(*arguments)
    assert done.returncode == 0, done.stderr
    assert "独立审核逐条重算，无一不符" in done.stdout
    assert len(pd.read_csv(tmp_path / "o" / "events.csv")) > 1000
    assert run_dispatch(*arguments).returncode == 1  # not over a folder that is there
    page, faults = chromium.new_page(viewport={"width": 1280, "height": 800}), []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto((tmp_path / "o" / "replay.html").as_uri())
    page.wait_for_selector(".replay input")
    page.evaluate("dispatchKit.page.slider.set(720)")
    counts = page.evaluate("dispatchKit.page.counts")
    alerts = pd.read_csv(tmp_path / "o" / "alerts.csv").dropna(subset=["ready"])
    noon = "2026-05-01 12:00:00"
    assert counts[3] == int((alerts["closed"] <= noon).sum())
    assert sum(counts) == int((alerts["ready"] <= noon).sum())
    assert faults == []
    page.close()
