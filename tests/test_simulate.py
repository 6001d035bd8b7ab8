"""The simulation: one replication is what its world and its tape make of it, and nothing else."""

import pickle
from dataclasses import replace

import make
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulate_oracle import Oracle
from simulate_worlds import random_world

from benchmarks import simulate_worlds as made
from benchmarks.simulate import interval, mm3
from benchmarks.simulate_controls import of_queue
from benchmarks.simulate_simpy import SimPyModel
from benchmarks.simulate_simpy_manual import City
from dispatch.domain import KINDS, Hold, Shift
from dispatch.errors import BadInput
from dispatch.loss import loss_rate, loss_yuan
from dispatch.one_case import loss_at, rate_at
from dispatch.routing import assign_nearest
from dispatch.sending import State, averts_most, nearest
from dispatch.simulate import (
    Surge,
    World,
    draw_tape,
    replicate,
    replicate_with_log,
    tape_of_alerts,
    write_log,
)
from dispatch.simulate import changes as c
from dispatch.simulate.arrays import GIVEN_UP, PHONED, REACHED
from dispatch.simulate.checker import audit_log
from dispatch.simulate.compiled import stamp_of
from dispatch.simulate.kernel import follow_orders, run
from dispatch.simulate.reasons import WHYS
from dispatch.suggest import suggest

SEEDS = st.integers(0, 2**32 - 1)


def rows_of(log):
    columns = (log.minute, log.change, log.alert, log.unit, log.zone)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def line(*at, units=(0.0,), minutes_apart=None, ask=None, **given):
    """Zones on a line at these minutes, units at those; nobody loses money unless `ask` says so."""
    points = np.array([*at, *units], float)
    table = np.abs(points[:, None] - points[None]) if minutes_apart is None else minutes_apart
    count = len(points)
    zone_share = np.zeros((1, count))
    zone_share[0, : len(at)] = 1.0
    fields = {"horizon_minutes": 600.0}
    return World(
        made.zones(count),
        made.roads(table),
        made.units(np.arange(len(at), count), count),
        made.demand(count, zone_share=zone_share, **(ask or {})),
        given.pop("policy", made.policy()),
        **(fields | given),
    )


def alerts(world, minutes, zones):
    return tape_of_alerts(
        world, np.array(minutes, float), np.zeros(len(minutes), int), np.array(zones), seed=1
    )


# by hand


def test_one_case_is_a_drive_a_search_and_a_visit():
    # alert at 5; 12 minutes away: at the zone at 17, at the door at 20, 30 minutes there, home 12 later at 62
    world = line(12.0, ask={"search_minutes": np.array([3.0])})
    result, log = replicate_with_log(world, alerts(world, [5.0], [0]))
    assert (result.ready[0], result.arrived[0], result.contact[0], result.closed[0]) == (
        5.0,
        17.0,
        20.0,
        50.0,
    )
    assert (result.busy[0], result.driven[0], result.kilometres[0]) == (45.0, 24.0, pytest.approx(16.0))
    told = [c.NAMES[int(change)] for change in log.change]
    assert told == [
        "on_duty",
        "waiting",
        "assigned",
        "departs",
        "arrives",
        "met",
        "closed",
        "free",
        "heads_back",
        "at_post",
    ]
    assert result.changes == len(told)


def test_who_is_on_the_way_home_is_nearer_than_from_home():
    # free at zone 0 (20 away from home) at 50, on the way home for 10 minutes; a case at zone 0 then: 10 minutes
    world = line(20.0)
    result = replicate(world, alerts(world, [0.0, 60.0], [0, 0]))
    assert result.arrived.tolist() == [20.0, 70.0]
    stays = replace(world, policy=replace(world.policy, divert=False))
    assert replicate(stays, alerts(world, [0.0, 60.0], [0, 0])).arrived.tolist() == [20.0, 90.0]


def test_a_call_answered_on_the_way_frees_the_crew_where_it_is():
    # alert at 0, the call at 10 settles it; the crew has 10 of 30 minutes behind it and is home 10 later
    ask = {"call_minutes": np.array([[10.0]]), "call_share": np.ones((1, 24))}
    world = line(30.0, ask=ask)
    result, log = replicate_with_log(world, alerts(world, [0.0], [0]))
    assert (result.outcome[0], result.contact[0], result.driven[0]) == (PHONED, 10.0, 20.0)
    assert np.isnan(result.arrived[0])
    assert log.minute[log.change == c.AT_POST].tolist() == [20.0]


def test_what_units_do_before_the_warm_up_is_over_does_not_count():
    # one case at 0 (busy 42, driven 24) and one at 100; the warm-up ends at 20, when 20 of 42 minutes are over
    world = line(12.0, warm_up_minutes=20.0)
    result = replicate(world, alerts(world, [0.0, 100.0], [0, 0]))
    assert result.counted.tolist() == [False, True]
    assert (result.busy[0], result.driven[0]) == (22.0 + 42.0, 12.0 + 24.0)
    assert result.on_duty.tolist() == [580.0]


def test_an_escalated_case_goes_to_the_next_kind():
    # the village's cadre (kind 2) may go at once but there is only a car (kind 0), whose turn comes after 15 minutes
    opens = np.array([[15.0, np.inf, 0.0, np.inf]])
    world = line(10.0, ask={"kind_open_minutes": opens})
    assert replicate(world, alerts(world, [0.0], [0])).dispatched.tolist() == [15.0]


def test_a_crew_under_way_to_somebody_less_urgent_is_turned():
    # on its way to the low case at 40 since 0; at 10 a critical one at 20: 10 minutes ahead. Then on to the low one
    world = line(40.0, 20.0, policy=made.policy(redispatch=True))
    ask = made.demand(3, 2, zone_share=np.ones((2, 3)), tier=np.array([3, 0]))
    world = replace(world, demand=ask)
    tape = tape_of_alerts(world, np.array([0.0, 10.0]), np.array([0, 1]), np.array([0, 1]), seed=1)
    result, log = replicate_with_log(world, tape)
    assert result.arrived.tolist() == [70.0, 20.0]  # 20 + 30 at the door + 20 minutes on
    assert c.RETURNED in log.change
    assert audit_log(world, tape, log) == []


# the rule is the planner's


@pytest.mark.parametrize("rule", ["nearest", "loss"])
@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_one_case_gets_whom_the_planner_and_its_suggestions_would_send(rule, seed):
    chance = np.random.default_rng(seed)
    at, bases = float(chance.integers(0, 40)), chance.integers(0, 60, 6).astype(float)
    age, own = float(chance.integers(0, 90)), chance.random(6) < 0.5
    ends = chance.integers(60, 200, 6).astype(float)
    prices = dict.fromkeys(KINDS, 800.0)
    crew = [
        make.responder(
            f"r{u}",
            at=bases[u],
            shift=Shift(0.0, ends[u]),
            jurisdiction=frozenset({"t1"} if own[u] else set()),
            neighbours=frozenset({"*"}),
        )
        for u in range(6)
    ]
    left = 60_000.0 * np.exp(-0.6 * age / 60)
    case = make.case("c1", at=at, stake_yuan=left, due_minutes=60 - age, late_yuan_per_minute=3.0)
    problem = make.problem(crew, [case], horizon_minutes=720.0 - age, prices=make.Prices(prices, 2.0))
    decide = nearest if rule == "nearest" else averts_most
    wanted = decide(problem, State.start(problem), problem.cases[0])
    policy = made.policy(rule=rule, neighbour_yuan=np.full(4, 800.0), drive_yuan_per_minute=2.0)
    world = line(
        at,
        units=bases,
        policy=policy,
        ask={
            "amount_yuan": np.array([150_000.0]),
            "late_yuan_per_minute": np.array([3.0]),
            "service_minutes": np.full((1, 4), 10.0),
            "call_minutes": np.array([[age]]),
            "visit_after_calls": np.ones(1, int),
        },
    )
    reach = np.ones((6, 7), bool)
    units = replace(world.units, own=own[:, None] & reach, duty_to=ends + age)
    world = replace(world, units=units)
    result = replicate(world, alerts(world, [0.0], [0]))
    if wanted is None:
        assert result.unit[0] == -1 or result.dispatched[0] > age
        return
    assert f"r{result.unit[0]}" == wanted.responder_id
    if rule == "nearest":
        assert assign_nearest(problem).visited == {"c1"}
    else:
        empty = assign_nearest(replace(problem, pinned={"c1": ""}))
        assert suggest(problem, empty, problem.cases[0])[0].responder_id == wanted.responder_id


@settings(max_examples=50, deadline=None)
@given(
    minutes=st.floats(0, 900),
    until=st.floats(0, 200),
    fraction=st.floats(0, 1),
    late=st.sampled_from([0.0, 5.0]),
)
def test_the_compiled_curve_is_that_of_loss(minutes, until, fraction, late):
    case = make.case(hold=Hold(until, fraction), due_minutes=45.0, late_yuan_per_minute=late)
    columns = (case.hazard_per_hour / 60.0, until, fraction, 45.0, late)
    assert loss_at(minutes, case.stake_yuan, *columns, 720.0) == pytest.approx(
        loss_yuan(case, minutes, 720.0), rel=1e-12
    )
    assert rate_at(0.0, case.stake_yuan, *columns[:3], 45.0, late) == pytest.approx(
        loss_rate(case), rel=1e-12
    )


# oracle and audit


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_the_kernel_is_the_plain_event_loop_and_passes_the_audit(seed):
    world = random_world(seed)
    tape = draw_tape(world, seed)
    result, log = replicate_with_log(world, tape)
    assert rows_of(log) == Oracle(world, tape).play().log
    assert audit_log(world, tape, log) == []
    assert (np.isin(result.outcome[~result.needs_visit], [PHONED])).all()
    assert set(WHYS) >= set(result.why.tolist())
    assert ((result.why == 0) == np.isin(result.outcome, [REACHED, PHONED])).all()


FAULTS = {
    "another unit": lambda log, k, world: log.unit.__setitem__(k, (log.unit[k] + 1) % len(world.units.ids)),
    "another zone": lambda log, k, world: log.zone.__setitem__(k, (log.zone[k] + 1) % len(world.zones.ids)),
    "met for departed": lambda log, k, world: log.change.__setitem__(k, c.MET),
    "early": lambda log, k, world: log.minute.__setitem__(k, log.minute[k] - 0.01),
}


@pytest.mark.parametrize("fault", FAULTS)
@settings(max_examples=12, deadline=None)
@given(seed=SEEDS, where=st.floats(0, 1))
def test_the_audit_catches_a_planted_fault(fault, seed, where):
    world = random_world(seed % 50, rule="loss")
    tape = draw_tape(world, seed)
    _, log = replicate_with_log(world, tape)
    visits = np.flatnonzero(
        np.isin(log.change, [c.DEPARTS, c.ARRIVES] if fault != "early" else [c.ARRIVES, c.MET])
    )
    if not len(visits) or len(world.units.ids) < 2 or len(world.zones.ids) < 2:
        return
    FAULTS[fault](log, visits[int(where * (len(visits) - 1))], world)
    assert audit_log(world, tape, log)


@pytest.mark.parametrize("change", [c.ASSIGNED, c.ARRIVES, c.MET, c.CLOSED, c.FREE, c.OFF_DUTY])
def test_the_audit_misses_no_line_left_out_or_told_twice(change):
    world = random_world(5, rule="nearest", divert=True)
    tape = draw_tape(world, 5)
    _, log = replicate_with_log(world, tape)
    row = np.flatnonzero(log.change == change)[0]

    def taken(index):
        return replace(log, **{name: getattr(log, name)[index] for name in log.__slots__})

    assert audit_log(world, tape, taken(np.delete(np.arange(len(log)), row)))
    assert audit_log(world, tape, taken(np.insert(np.arange(len(log)), row, row)))


def test_the_audit_catches_an_idle_unit_while_somebody_waits():
    world = line(10.0)
    tape = alerts(world, [0.0, 1.0], [0, 0])
    _, log = replicate_with_log(
        line(10.0, units=(0.0,), policy=made.policy(cap_minutes=np.full((4, 4), 5.0))), tape
    )
    assert any("is idle" in breach for breach in audit_log(world, tape, log))


# properties


def test_the_same_seed_gives_the_same_replication_to_the_last_bit():
    world = random_world(3)
    again = pickle.loads(pickle.dumps(world))
    one, two = replicate(world, draw_tape(world, 7, 3)), replicate(again, draw_tape(again, 7, 3))
    for name in one.__slots__:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name), name)
    assert len(pickle.loads(pickle.dumps(one)).alert) == len(one.alert)
    assert draw_tape(world, 8, 3).minute.tolist() != draw_tape(world, 7, 3).minute.tolist()


TIMES = (
    "hold_until_minutes",
    "due_minutes",
    "call_minutes",
    "kind_open_minutes",
    "service_minutes",
    "search_minutes",
)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_every_rate_doubled_and_every_time_halved_is_the_same_story_twice_as_fast(seed):
    world = random_world(seed)
    d, u, p = world.demand, world.units, world.policy
    half = replace(
        world,
        roads=replace(world.roads, minutes=world.roads.minutes / 2),
        units=replace(u, duty_from=u.duty_from / 2, duty_to=u.duty_to / 2),
        demand=replace(
            d,
            rate_per_hour=d.rate_per_hour * 2,
            hazard_per_hour=d.hazard_per_hour * 2,
            late_yuan_per_minute=d.late_yuan_per_minute * 2,
            **{name: getattr(d, name) / 2 for name in TIMES},
        ),
        policy=replace(
            p,
            cap_minutes=p.cap_minutes / 2,
            neighbour_after_minutes=p.neighbour_after_minutes / 2,
            drive_yuan_per_minute=p.drive_yuan_per_minute * 2,
            give_up_minutes=p.give_up_minutes / 2,
            redispatch_gain_minutes=p.redispatch_gain_minutes / 2,
        ),
        surges=tuple(
            replace(one, from_minute=one.from_minute / 2, to_minute=one.to_minute / 2) for one in world.surges
        ),
        horizon_minutes=world.horizon_minutes / 2,
        warm_up_minutes=world.warm_up_minutes / 2,
        hour_minutes=world.hour_minutes / 2,
    )
    one, two = replicate(world, draw_tape(world, seed)), replicate(half, draw_tape(half, seed))
    np.testing.assert_array_equal(one.outcome, two.outcome)
    np.testing.assert_allclose(one.contact, two.contact * 2, rtol=1e-12)
    np.testing.assert_allclose(one.modelled_yuan, two.modelled_yuan, rtol=1e-9)


def test_the_tape_does_not_know_who_is_sent_and_a_surge_leaves_the_other_alerts_alone():
    world = random_world(4)
    world = replace(world, surges=())
    fewer = replace(world, units=made.units([0], len(world.zones.ids)), policy=made.policy())
    one, two = draw_tape(world, 1), draw_tape(fewer, 1)
    assert all((getattr(one, name) == getattr(two, name)).all() for name in one.__slots__)
    surge = Surge(100.0, 300.0, 3.0, np.ones(len(world.zones.ids), bool))
    more = draw_tape(replace(world, surges=(surge,)), 1)
    kept = np.isin(more.minute, one.minute)
    assert kept.sum() == len(one.minute) < len(more.minute)
    np.testing.assert_array_equal(more.transfer[kept], one.transfer)
    assert ((more.minute[~kept] >= 100) & (more.minute[~kept] <= 300)).all()


def test_realised_and_modelled_yuan_agree_in_the_mean():
    world = line(5.0, 30.0, units=(0.0, 20.0), horizon_minutes=60.0 * 24 * 60)
    result = replicate(world, draw_tape(world, 1))
    off = result.realised_yuan - result.modelled_yuan
    assert abs(off.mean()) < 4.0 * off.std() / np.sqrt(len(off))
    assert result.modelled_yuan.mean() < 0.8 * result.nobody_yuan.mean()


# the edges


def test_without_demand_nothing_happens():
    world = line(10.0, ask={"rate_per_hour": np.zeros((1, 168))})
    result = replicate(world, draw_tape(world, 1))
    assert len(result.alert) == 0
    assert result.changes == 1  # the unit comes on duty
    assert not result.overwhelmed


@pytest.mark.parametrize(
    ("without", "why"),
    [
        ("responders", "nobody_allowed"),
        ("roads", "no_road"),
        ("duty", "nobody_on_duty"),
        ("kinds", "nobody_allowed"),
    ],
)
def test_without_anybody_or_any_road_all_are_given_up_and_told_why(without, why):
    world = line(10.0)
    if without == "responders":
        world = line(10.0, units=())
    elif without == "roads":
        world = replace(world, roads=made.roads(np.where(np.eye(2) > 0, 0.0, np.inf)))
    elif without == "duty":  # all closed
        empty = replace(world.units, duty_at=np.zeros(2, int), duty_from=np.zeros(0), duty_to=np.zeros(0))
        world = replace(world, units=empty)
    else:
        world = line(10.0, ask={"kind_open_minutes": np.full((1, 4), np.inf)})
    result = replicate(world, draw_tape(world, 1))
    assert (result.outcome == GIVEN_UP).all()
    assert {WHYS[int(one)] for one in result.why} == {why}
    np.testing.assert_allclose(result.modelled_yuan, result.nobody_yuan)


def test_a_visit_may_take_no_time_at_all():
    world = line(0.0, ask={"service_minutes": np.zeros((1, 4))})
    result = replicate(world, alerts(world, [3.0, 3.0, 3.0], [0, 0, 0]))
    assert result.contact.tolist() == [3.0, 3.0, 3.0]


def test_a_surge_that_overwhelms_ends_and_says_so():
    world = line(5.0, surges=(Surge(60.0, 300.0, 400.0, np.ones(2, bool)),))
    result = replicate(world, draw_tape(world, 1))
    assert len(result.alert) > 1000
    assert result.overwhelmed
    assert set(result.outcome.tolist()) == {REACHED, GIVEN_UP}
    assert result.longest_queue > 500
    assert not replicate(line(5.0), draw_tape(line(5.0), 1)).overwhelmed


def test_minutes_from_bases_alone_send_everybody_home_first():
    # busy until 40, home at 50, so the second case at 45 is reached at 60
    world = line(10.0, policy=made.policy(divert=False))
    bases = made.roads(
        np.zeros((2, 2)), minutes=np.array([[[10.0, 0.0]]], np.float32), row_of_zone=np.array([-1, 0])
    )
    world = replace(world, roads=bases)
    tape = alerts(world, [0.0, 20.0], [0, 0])
    result, log = replicate_with_log(world, tape)
    assert result.arrived.tolist() == [10.0, 60.0]
    assert audit_log(world, tape, log) == []


def test_a_world_that_cannot_be_is_refused_with_every_fault():
    world = line(10.0)
    with pytest.raises(BadInput, match=r"kmh has shape \(2,\).*hazard_per_hour holds a negative"):
        replace(
            world,
            roads=replace(world.roads, kmh=np.ones(2)),
            demand=replace(world.demand, hazard_per_hour=-np.ones(1)),
        )


def test_code_of_another_room_is_never_kept_stale(tmp_path):
    one, two = tmp_path / "a.py", tmp_path / "b.py"
    one.write_text("x = 1"), two.write_text("y = 1")
    before = stamp_of([one, two])
    two.write_text("y = 2")
    assert stamp_of([one, two]) != before
    kept = run._cache._cache_file._source_stamp
    assert kept[1] == follow_orders._cache._cache_file._source_stamp[1]


# the measurements


@pytest.mark.parametrize("written", [City, SimPyModel])
def test_simpy_tells_the_same_story(written):
    ladder = np.array([[0.0, 20.0, np.inf, 5.0]])
    ask = {
        "kind_open_minutes": ladder,
        "call_minutes": np.array([[2.0, 50.0]]),
        "call_share": np.full((1, 24), 0.3),
    }
    ask |= {"rate_per_hour": np.full((1, 168), 9.0), "service_law": "lognormal", "service_cv": 0.8}
    world = line(
        5.0, 30.0, 55.0, units=(0.0, 20.0, 33.0, 61.0), ask=ask | {"search_minutes": np.array([3.0])},
        policy=made.policy(divert=False, give_up_minutes=150.0, cap_minutes=np.full((4, 4), 40.0)),
    )  # fmt: skip
    world = replace(world, units=replace(world.units, kind=np.array([0, 1, 2, 3])))
    tape = draw_tape(world, 3)
    model, result = written(world, tape), replicate(world, tape)
    model.run()
    asked = result.needs_visit
    np.testing.assert_allclose(model.contact[asked], result.contact[asked], atol=1e-6)
    assert {REACHED, PHONED, GIVEN_UP} <= set(result.outcome[asked].tolist())


def test_intervals_hold_the_mean_as_often_as_they_say():
    chance = np.random.default_rng(1)
    inside, widths = 0, []
    for _ in range(300):
        control = chance.standard_normal((30, 1))
        mean, half = interval(5.0 + 2.0 * control[:, 0] + chance.standard_normal(30), control)
        inside += abs(mean - 5.0) <= half
        widths.append(half)
    assert 289 <= inside <= 300  # 99 % of 300 is 297; three standard deviations are 5
    assert np.mean(widths) < 0.6  # without the control it would be above 1.1


def test_what_is_taken_out_of_the_waits_is_nothing_in_the_mean():
    laws = ("exponential", 0.0), ("lognormal", 0.7), ("fixed", 0.0)
    for law, variation in laws:
        world = made.queue(
            2, 1.2, 4000.0, service_law=law, service_cv=variation, service_minutes=np.full((1, 4), 60.0)
        )
        found = np.array([of_queue(world, draw_tape(world, 3, number)) for number in range(60)])
        assert found.shape == (60, 10)
        assert (np.abs(found.mean(axis=0)) < 4.0 * found.std(axis=0, ddof=1) / np.sqrt(60)).all()
        assert (found.std(axis=0) > 0).any()


def test_a_queue_of_the_kernel_has_the_wait_of_the_books():
    (row,) = [row for row in mm3(0.0, days=50.0) if row["measure"] == "p0"]
    assert row["inside"]
    assert row["half_width_percent"] < 3.0


# the planner inside


def test_search_follows_the_planners_own_plans_keeps_every_rule_and_repeats():
    world = random_world(4, rule="search", search_iterations=30, search_every_minutes=20.0)
    tape = draw_tape(world, 2)
    one, log = replicate_with_log(world, tape)
    assert audit_log(world, tape, log) == []
    assert (one.outcome == REACHED).sum() > 10
    assert (one.contact[one.outcome == REACHED] >= one.ready[one.outcome == REACHED]).all()
    np.testing.assert_array_equal(one.contact, replicate(world, tape).contact)


def test_search_averts_more_than_the_rule_of_one_case_where_there_is_a_queue():
    points = np.random.default_rng(2).random((30, 2)) * 40.0
    ask = {
        "rate_per_hour": np.full((2, 168), 7.0),
        "hazard_per_hour": np.array([1.2, 0.3]),
        "tier": np.array([0, 2]),
        "amount_cv": np.ones(2),
    }
    world = World(
        made.zones(30),
        made.roads(np.abs(points[:, None] - points[None]).sum(axis=2)),
        made.units(range(6), 30),
        made.demand(30, 2, **ask),
        made.policy(rule="loss", search_every_minutes=10.0, search_iterations=300, give_up_minutes=240.0),
        horizon_minutes=480.0,
    )
    planned = replace(world, policy=replace(world.policy, rule="search"))
    averted = np.zeros(2)
    for number in (1, 2, 3):
        tape = draw_tape(world, number)
        found = [replicate(one, tape) for one in (world, planned)]
        averted += [float((one.nobody_yuan - one.modelled_yuan).sum()) for one in found]
        assert found[0].longest_queue > 25  # there is something to plan
    assert averted[1] > 1.03 * averted[0]


def test_the_log_is_written_by_names(tmp_path):
    world = line(12.0)
    _, log = replicate_with_log(world, alerts(world, [5.0], [0]))
    write_log(tmp_path / "log.csv", world, log)
    lines = (tmp_path / "log.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "minute,change,alert,unit,zone"
    assert lines[4] == "5.0000,departs,0,u0,z0"
