"""Calibration: known hazards come back from invented outcomes, and nothing changes until accepted."""

import json
import tomllib
from datetime import timedelta

import make
import numpy as np
import pytest
from doors import run_dispatch
from ledgers import NOW, later

from dispatch.day import read_rules
from dispatch.day.arrivals import contact_ranges
from dispatch.intake.triage import triage_rules
from dispatch.ledger import Event, Ledger
from dispatch.ledger.calibrate import as_toml, observe, overlay_of, refit
from dispatch.ledger.state import fold

RULES = triage_rules()


def case_events(
    name, *, hours, transferred, tier="medium", fraud_type="investment", warnings=1, on_call=False
):
    """A case that was transferred, or last known safe, so many hours after its alert."""
    told = {"alert_id": name, "alerted_at": NOW.isoformat(), "tier": tier, "fraud_type": fraud_type}
    told |= {"warnings": warnings, "on_call": on_call}
    end = NOW + timedelta(hours=hours)
    body = (
        {"outcome": "already_transferred"} if transferred else {"outcome": "met_persuaded", "due_visits": []}
    )
    return [Event("alerted", NOW, "li", name, body=told), Event("reported", end, "li", name, body=body)]


def fitted(events_by_case):
    seen = observe([(fold(own), own) for own in events_by_case], RULES, later(0))
    return {one.what: one for one in refit(seen, RULES)}


def invented(count, hazard, share, seed, **given):
    """Cases of which a share would transfer, at that hazard per hour; each was reached within 0 to 12 hours."""
    draw = np.random.default_rng(seed)
    would = np.where(draw.random(count) < share, draw.exponential(1 / hazard, count), np.inf)
    reached = draw.uniform(0.05, 12, count)
    return [
        case_events(
            f"c{n}", hours=float(min(would[n], reached[n])), transferred=bool(would[n] <= reached[n]), **given
        )
        for n in range(count)
    ]


def test_the_hazard_and_the_share_that_made_the_outcomes_come_back():
    found = fitted(invented(3000, hazard=0.5, share=0.4, seed=1))
    hazard, share = found["investment: hazard per hour"], found["investment: transfer probability"]
    assert hazard.low < 0.5 < hazard.high
    assert share.low < 0.4 < share.high
    assert hazard.high - hazard.low < 0.15
    assert (hazard.old, share.old) == (0.25, 0.30)


def test_what_raises_a_hazard_is_not_taken_for_the_type():
    # two warnings raise the hazard by 1.1, a call in progress by 1.3: outcomes at 0.5 × 1.43 are a type of 0.5
    raised = RULES.hazard.per_warning_factor * RULES.hazard.on_call_factor
    hazard = fitted(invented(3000, hazard=0.5 * raised, share=0.4, seed=2, warnings=2, on_call=True))[
        "investment: hazard per hour"
    ]
    assert hazard.low < 0.5 < hazard.high


def test_the_share_of_high_tiers_is_not_taken_for_the_type():
    # high risk multiplies the probability by 1.25: 0.4 among them is 0.32 of the type
    share = fitted(invented(3000, hazard=0.5, share=0.4, seed=3, tier="high"))[
        "investment: transfer probability"
    ]
    assert share.low < 0.4 / 1.25 < share.high


def test_leaving_out_the_censored_would_say_another_thing():
    cases = invented(2000, hazard=0.5, share=1.0, seed=4)
    seen_only = [own for own in cases if own[1].body["outcome"] == "already_transferred"]
    assert fitted(cases)["investment: hazard per hour"].new == pytest.approx(0.5, abs=0.06)
    assert (
        fitted(seen_only)["investment: hazard per hour"].new is None
    )  # nobody was reached in time: no share to fit


def test_too_few_outcomes_say_nothing():
    found = fitted(invented(15, hazard=0.5, share=0.4, seed=5))
    assert found["investment: hazard per hour"].new is None
    assert found["romance: hazard per hour"].cases == 0


def test_a_case_of_which_nothing_is_known_does_not_count():
    told = case_events("c", hours=1, transferred=True)[:1]
    gone = Event("reported", later(60), "li", "c", body={"outcome": "not_home"})
    assert fitted([[*told, gone]])["investment: hazard per hour"].cases == 0


def test_service_minutes_count_visits_that_still_last():
    draw = np.random.default_rng(6)
    minutes = draw.lognormal(np.log(20), 0.4, 400)  # mean 20·e^0.08 = 21.7
    cases = []
    for n, length in enumerate(minutes):
        told = case_events(f"c{n}", hours=1, transferred=False)[:1]
        drafted = Event(
            "drafted", NOW, "li", f"c{n}", f"i{n}", body={"responder_id": "S", "responder_kind": "station"}
        )
        met = Event("met", NOW, "S", f"c{n}", f"i{n}")
        done = Event("reported", later(length), "S", f"c{n}", f"i{n}", body={"outcome": "met_refused"})
        cases.append([*told, drafted, met, *([done] if length <= 30 else [])])
    seen = observe([(fold(own), own) for own in cases], RULES, later(30))
    found = {one.what: one for one in refit(seen, RULES)}["service minutes of station"]
    assert found.events < found.cases == 400
    assert found.low < 21.7 < found.high


def drives(shares, planned=20.0, kind="station"):
    """Cases of which each was driven to in such a share of the minutes planned."""
    cases = []
    for n, share in enumerate(shares):
        told = case_events(f"c{n}", hours=1, transferred=False)[:1]
        body = {"responder_id": "S", "responder_kind": kind, "drive_minutes": planned}
        events = [
            Event("drafted", NOW, "li", f"c{n}", f"i{n}", body=body),
            Event("departed", NOW, "S", f"c{n}", f"i{n}"),
        ]
        cases.append([*told, *events, Event("arrived", later(share * planned), "S", f"c{n}", f"i{n}")])
    return cases


def test_the_range_of_arrivals_is_measured_from_drives():
    # 0.50, 0.51, … 1.50: the tenth percentile is 0.6, the ninetieth 1.4, half take as long as planned
    found = fitted(drives(np.arange(0.5, 1.505, 0.01)))
    early, late = found["drives at best, share of planned"], found["drives at worst, share of planned"]
    assert (early.new, late.new) == (pytest.approx(0.6), pytest.approx(1.4))
    assert (early.key, late.key) == (("planning", "drive_early_share"), ("planning", "drive_late_share"))
    assert early.low < 0.6 < early.high
    assert late.low < 1.4 < late.high
    assert (early.old, late.old) == (0.85, 1.35)
    assert found["half of the drives of station take"].new == pytest.approx(1.0)


def test_the_measured_range_once_accepted_is_the_one_the_map_shows(tmp_path):
    seen = observe([(fold(own), own) for own in drives(np.arange(0.5, 1.505, 0.01))], RULES, later(0))
    file = tmp_path / "ours.toml"
    file.write_text(as_toml(overlay_of(refit(seen, RULES), {}), "measured"), encoding="utf-8")
    planning = read_rules(file).planning
    assert (planning.drive_early_share, planning.drive_late_share) == (pytest.approx(0.6), pytest.approx(1.4))
    # a drive of 20 minutes, nothing to search: the map says 12 to 28 minutes from now, not 17 to 27
    stop = make.stop(
        arrive=20.0, drive_minutes=20.0, wait_minutes=0.0, search_minutes=0.0, contact=20.0, leave=30.0
    )
    (shown,) = contact_ranges([stop], planning.drive_early_share, planning.drive_late_share)
    assert shown == (pytest.approx(12.0), pytest.approx(28.0))


def test_a_plan_is_at_best_kept_and_at_worst_not_beaten():
    slow = fitted(drives(np.arange(1.2, 2.205, 0.01)))
    assert slow["drives at best, share of planned"].new == 1.0  # the setting holds at most that
    quick = fitted(drives(np.arange(0.3, 0.805, 0.01)))
    assert quick["drives at worst, share of planned"].new == 1.0


@pytest.mark.parametrize(("shares", "planned"), [([1.0] * 30, 20.0), ([1.0] * 60, 2.0), ([50.0] * 60, 20.0)])
def test_too_few_drives_or_none_that_tell_of_the_road_change_no_range(shares, planned):
    assert fitted(drives(shares, planned))["drives at worst, share of planned"].new is None


def test_a_share_comes_with_its_wilson_interval():
    cases = []
    for n in range(40):
        told = case_events(f"c{n}", hours=1, transferred=False)[:1]
        result = "persuaded" if n < 10 else "disbelieved" if n < 20 else "busy"
        cases.append(
            [*told, Event("rang", later(1), "li", f"c{n}", body={"result": result, "channel": "phone"})]
        )
    found = fitted(cases)
    answered = found["first call answered"]
    # 20 of 40; Wilson: 0.5 ± 1.96·sqrt(0.25/40 + 1.96²/(4·40²))/(1 + 1.96²/40) = 0.352 … 0.648
    assert (answered.new, round(answered.low, 3), round(answered.high, 3)) == (0.5, 0.352, 0.648)
    assert found["persuaded if answered"].new == 0.5  # 10 of 20


def test_only_what_was_refitted_is_written_and_what_the_user_set_stays():
    refits = list(fitted(invented(3000, hazard=0.5, share=0.4, seed=1)).values())
    overlay = overlay_of(refits, {"planning": {"strict": True}, "triage": {"min_stake_yuan": 900.0}})
    assert overlay["planning"] == {"strict": True}
    assert overlay["triage"]["min_stake_yuan"] == 900.0
    assert set(overlay["triage"]) == {"min_stake_yuan", "fraud_types"}
    assert triage_rules(overlay).fraud_types["investment"].hazard_per_hour == pytest.approx(0.5, abs=0.1)


def test_nothing_changes_until_it_is_accepted(tmp_path):
    ledger = Ledger.create(tmp_path / "l.db")
    ledger.record_together([event for own in invented(120, hazard=0.5, share=0.5, seed=7) for event in own])
    where = ("--ledger", tmp_path / "l.db")
    shown = run_dispatch("calibrate", *where, cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "nothing is changed" in shown.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["l.db"]
    done = run_dispatch("calibrate", *where, "--accept", tmp_path / "new.toml", "--json")
    assert done.returncode == 0, done.stderr
    by_name = {one["what"]: one for one in json.loads(done.stdout)}
    written = tomllib.loads((tmp_path / "new.toml").read_text(encoding="utf-8"))
    value = written["triage"]["fraud_types"]["investment"]["hazard_per_hour"]
    assert value == by_name["investment: hazard per hour"]["new"]
    assert triage_rules(written).fraud_types["investment"].hazard_per_hour == value
