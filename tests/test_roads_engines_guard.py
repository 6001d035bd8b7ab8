"""What kills or misleads pyroutingkit 0.2.1, driven through the guard; and the order kept on disk."""

import logging
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_roads import BOTH, at, roads, travel

from dispatch.roads import cache, cch
from dispatch.roads.arcs import arcs_of

pytest.importorskip("pyroutingkit", reason="pyroutingkit (the extra fast-roads) is not installed")

RING = ([0, 1, 2], [1, 2, 0], [0.0, 1.0, 2.0], [0.0, 1.0, 0.0])
"""Three states, each arc to the next: tail, head, lon, lat."""
BARE = """
    import sys, threading
    import numpy as np, pyroutingkit as library
    whole = lambda one: np.ascontiguousarray(one, np.uint32)
    place = lambda one: np.ascontiguousarray(one, np.float32)
    def bare(tail=(0, 1, 2), head=(1, 2, 0), count=3, weights=(1, 2, 3)):
        topology = library.CCHTopology()
        topology.build(whole(tail), whole(head), place(range(count)), place(range(count)), count)
        metric = library.CCHMetric(topology)
        metric.customize(whole(weights))
        return topology, metric
"""


def bare(code, folder):
    """Exit status and output of code that uses the library without its guard, in a process of its own."""
    script = textwrap.dedent(BARE) + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout.strip()


@pytest.fixture
def ring():
    """A metric over the ring, and weights of 1, 2 and 3 ms."""
    return cch.Metric(cch.Topology(*RING)), cch.whole_weights([1, 2, 3])


KILLS = {
    "a state out of range in a query": "bare()[1].query(0, 10**6)",
    "a state out of range in a matrix": "bare()[1].distances_many_to_many(whole([0]), whole([10**6]))",
    "an arc to a state that is not there": "bare(head=(1, 2, 10**6))",
    "no states at all": "bare((), (), 0, ())",
    "a damaged saved topology": """
        bare()[0].save(sys.argv[1])
        whole([7, 10**6, 10**7]).tofile(sys.argv[1] + "/order")
        topology = library.CCHTopology()
        topology.load(sys.argv[1])
        metric = library.CCHMetric(topology)
        metric.customize(whole([1, 2, 3]))
        metric.query(0, 2)
    """,
}


@pytest.mark.parametrize("code", KILLS.values(), ids=KILLS.keys())
def test_without_the_guard_the_process_dies(code, tmp_path):
    status, _ = bare(code, tmp_path)
    assert status != 0
    assert status < 0 or status > 128, "the library now refuses this itself: the guard may be let go"


GUARDED = {
    "a state out of range in a query": (lambda m, w: m.path(w, 0, 10**6), "a state is 1000000, there are 3"),
    "a negative state": (lambda m, w: m.path(w, -1, 0), "a state is -1, there are 3"),
    "a state out of range in a matrix": (lambda m, w: m.matrix(w, [0], [3]), "a state is 3, there are 3"),
    "a state beyond 32 bits": (lambda m, w: m.matrix(w, [2**32], [0]), "a state is 4294967296"),
    "an arc to a state that is not there": (
        lambda m, w: cch.Topology([0], [10**6], [0.0], [0.0]), "the end of an arc is 1000000, there are 1"
    ),
    "an arc from below": (lambda m, w: cch.Topology([-1], [0], [0.0], [0.0]), "the end of an arc is -1"),
    "an order of states that are not there": (
        lambda m, w: cch.Topology(*RING, order=[7, 10**6, 1]), "a state of the order is 1000000"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "said"), GUARDED.values(), ids=GUARDED.keys())
def test_behind_the_guard_a_number_out_of_range_is_an_index_error(ring, call, said):
    with pytest.raises(IndexError, match=said):
        call(*ring)


REFUSED = {
    "no states": (lambda m, w: cch.Topology([], [], [], []), "not empty"),
    "more tails than heads": (
        lambda m, w: cch.Topology([0, 1], [1], [0.0, 1.0], [0.0, 1.0]),
        "2 tails and 1 heads",
    ),
    "places of two lengths": (lambda m, w: cch.Topology([0], [0], [0.0], [0.0, 1.0]), "places of shapes"),
    "a place that is nowhere": (lambda m, w: cch.Topology([0], [0], [np.nan], [0.0]), "not a number"),
    "fractional states": (lambda m, w: m.matrix(w, [0.5], [1]), "expected one row of whole numbers"),
    "a table of states": (lambda m, w: m.matrix(w, [[0, 1]], [1]), "expected one row of whole numbers"),
    "a short order": (lambda m, w: cch.Topology(*RING, order=[0, 1]), "does not name every state once"),
    "a double order": (lambda m, w: cch.Topology(*RING, order=[0, 1, 1]), "does not name every state once"),
    "too few weights": (
        lambda m, w: m.path(cch.whole_weights([1, 2]), 0, 1),
        "expected those of whole_weights for 3",
    ),
    "weights not made for it": (
        lambda m, w: m.path(np.array([1, 2, 3], np.uint32), 0, 1),
        "those of whole_weights",
    ),
    "fractional weights": (lambda m, w: cch.whole_weights([1.0, 2.9]), "weight 1 is 2.9"),
    "negative weights": (lambda m, w: cch.whole_weights([1, -2]), "weight 1 is -2"),
    "weights that are no numbers": (lambda m, w: cch.whole_weights([np.nan]), "weight 0 is nan"),
    "minus infinity": (lambda m, w: cch.whole_weights([-np.inf]), "weight 0 is -inf"),
    "words": (lambda m, w: cch.whole_weights(["1"]), "expected one row of numbers"),
}


@pytest.mark.parametrize(("call", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_behind_the_guard_what_does_not_fit_is_a_value_error(ring, call, said):
    with pytest.raises(ValueError, match=said):
        call(*ring)


WRONG = {
    # from state 0 to state 2 it is 1 + 2 ms
    "strided weights": ("m = bare()[1]; m.customize(np.array([1, 9, 2, 9, 3, 9], np.uint32)[::2])", "3"),
    # 2.9 + 2.9 ms are no whole number near 4
    "fractional weights": ("m = bare()[1]; m.customize(np.array([2.9, 2.9, 3.9]))", "6"),
    # less than no time cannot be
    "negative weights": ("m = bare()[1]; m.customize(np.array([-1, 2, 3]))", "no answer"),
    # 4,294,967,294 + 2,147,483,653 ms are more than there can be
    "huge weights": ("m = bare((0, 1), (1, 2), 3, (2**32 - 2, 2**31 + 5))[1]", "2147483647"),
}


@pytest.mark.parametrize(("code", "right"), WRONG.values(), ids=WRONG.keys())
def test_without_the_guard_answers_are_wrong_in_silence(code, right, tmp_path):
    status, said = bare(f"{code}\nprint(m.query(0, 2)[0])", tmp_path)
    assert status == 0
    assert said.isdigit()
    assert said != right


def test_behind_the_guard_strided_weights_and_states_are_read_as_they_are():
    metric = cch.Metric(cch.Topology(np.array([0, 9, 1, 9, 2, 9])[::2], *RING[1:]))
    weights = cch.whole_weights(np.array([1, 9, 2, 9, 3, 9])[::2])
    states = np.array([0, 9, 1, 9, 2, 9])[::2]
    assert metric.matrix(weights, states, states).tolist() == [[0, 1, 3], [5, 0, 2], [3, 4, 0]]


def test_behind_the_guard_weights_too_long_to_add_up_are_closed():
    metric = cch.Metric(cch.Topology(*RING))
    for weights in ([2**32 - 2, 2**31 + 5, 3], [2**31 - 2, 2**31 - 2, 3], [np.inf, 1, 3]):
        whole = cch.whole_weights(weights)
        assert metric.path(whole, 0, 2) == (np.inf, [])
        assert metric.matrix(whole, [0], [2])[0, 0] == np.inf
        assert metric.path(whole, 2, 0) == (3.0, [2])


def test_weights_cannot_be_changed_behind_the_back_of_a_metric(ring):
    with pytest.raises(ValueError, match="read-only"):
        ring[1][0] = 7


def test_threads_take_turns_on_one_metric_with_different_weights(tmp_path):
    # without the guard this ends the process; with it every answer is that of the weights asked for
    code = """
        from concurrent.futures import ThreadPoolExecutor
        from dispatch.roads import cch
        side = 40
        number = np.arange(side * side).reshape(side, side)
        tail = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
        head = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
        tail, head = np.concatenate([tail, head]), np.concatenate([head, tail])
        metric = cch.Metric(cch.Topology(tail, head, number.ravel() % side, number.ravel() // side))
        chance, states = np.random.default_rng(1), number.ravel()[::50]
        weights = [cch.whole_weights(chance.integers(1, 99, len(tail))) for _ in range(3)]
        alone = [metric.matrix(one, states, states) for one in weights]
        def ask(turn):
            same = np.array_equal(metric.matrix(weights[turn % 3], states, states), alone[turn % 3])
            return same and metric.path(weights[turn % 3], 0, 50)[0] == alone[turn % 3][0, 1]
        with ThreadPoolExecutor(8) as pool:
            print(all(pool.map(ask, range(120))))
    """
    assert bare(code, tmp_path) == (0, "True")


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_weights_changed_one_by_one_answer_as_if_set_anew(data):
    count = data.draw(st.integers(2, 12))
    state, weight = st.integers(0, count - 1), st.integers(0, 50) | st.just(np.inf)
    arcs = data.draw(st.lists(st.tuples(state, state), min_size=1, max_size=30))
    tail, head = np.array(arcs).T
    topology = cch.Topology(tail, head, np.arange(count), np.arange(count) % 3)
    metric, every = cch.Metric(topology), np.arange(count)
    exact = st.lists(weight, min_size=len(arcs), max_size=len(arcs))
    for weights in data.draw(st.lists(exact, min_size=1, max_size=4)):
        whole = cch.whole_weights(np.array(weights, float))
        table = metric.matrix(whole, every, every)
        assert np.array_equal(table, cch.Metric(topology).matrix(whole, every, every))
        ms, way = metric.path(whole, 0, count - 1)
        assert ms == table[0, -1]
        if np.isfinite(ms):
            assert sum(weights[arc] for arc in way) == ms
            assert [0, *head[way]] == [*tail[way], count - 1]


LADDER = roads(
    [(300 * x, 300 * y) for x in range(12) for y in range(2)],
    [(2 * i, 2 * i + 1, BOTH) for i in range(12)] + [(i, i + 2, BOTH) for i in range(22)],
)
POINTS = at((0, 10), (3300, 290), (1500, 150))


def asked(folder):
    """The minutes of the ladder by the hierarchy, its order kept in `folder`; nothing else shared."""
    return travel(replace(LADDER), engine="cch", cache=folder).matrix(POINTS, POINTS)


@pytest.fixture
def kept(tmp_path):
    """A cache folder that holds the ladder's order, and its file."""
    asked(tmp_path / "cache")
    return tmp_path / "cache", next((tmp_path / "cache").iterdir())


def test_the_order_is_kept_for_its_owner_only_and_read_again(kept, caplog):
    folder, file = kept
    assert [path.name for path in folder.iterdir()] == [file.name]
    if os.name != "nt":
        assert file.stat().st_mode & 0o777 == 0o600
        assert folder.stat().st_mode & 0o777 == 0o700
    before = file.stat().st_mtime_ns
    with caplog.at_level(logging.INFO, "dispatch.roads"):
        minutes = asked(folder)
    assert "read from the cache" in caplog.text
    assert file.stat().st_mtime_ns == before
    assert np.array_equal(minutes, travel(LADDER, engine="scipy").matrix(POINTS, POINTS))


DAMAGE = {
    "cut short": lambda raw: raw[:-3],
    "empty": lambda raw: b"",
    "one bit": lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
    "a huge number": lambda raw: raw[:-4] + b"\xff\xff\xff\xff",
    "another version": lambda raw: raw.replace(b"order 1\n", b"order 9\n"),
    "another network": lambda raw: raw.replace(raw.splitlines()[1], b"0" * 64),
    "another kind of file": lambda raw: b"PK\x03\x04" + raw[4:],
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_or_foreign_order_is_made_anew(kept, damage):
    folder, file = kept
    good = file.read_bytes()
    file.write_bytes(damage(good))
    assert np.array_equal(asked(folder), travel(LADDER, engine="scipy").matrix(POINTS, POINTS))
    assert file.read_bytes() == good


def test_an_order_with_a_right_checksum_that_is_no_order_is_not_trusted(kept):
    folder = kept[0]
    arcs = arcs_of(LADDER)
    cache.write_order(folder, arcs, np.zeros(arcs.state_count, np.uint32))
    assert cache.read_order(folder, arcs) is None
    cache.write_order(folder, arcs, np.full(arcs.state_count, 2**32 - 1, np.uint32))
    assert cache.read_order(folder, arcs) is None
    assert np.array_equal(asked(folder), travel(LADDER, engine="scipy").matrix(POINTS, POINTS))


def test_any_order_gives_the_same_minutes(kept):
    folder = kept[0]
    arcs = arcs_of(LADDER)
    cache.write_order(folder, arcs, np.arange(arcs.state_count, dtype=np.uint32)[::-1])
    assert np.array_equal(asked(folder), travel(LADDER, engine="scipy").matrix(POINTS, POINTS))


def test_networks_with_other_arcs_keep_their_orders_apart(kept):
    folder = kept[0]
    access = LADDER.edge_access.copy()
    access[3] = 1
    other = replace(LADDER, edge_access=access)
    travel(other, engine="cch", cache=folder).matrix(POINTS, POINTS)
    assert len(list(folder.iterdir())) == 2


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path, caplog):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with caplog.at_level(logging.INFO, "dispatch.roads"):
        minutes = asked(blocked / "cache")
    assert "nothing is kept in" in caplog.text
    assert np.isfinite(minutes).all()


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_nothing_is_written_through_a_link(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "cache").symlink_to(elsewhere)
    assert np.isfinite(asked(tmp_path / "cache")).all()
    assert list(elsewhere.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_an_order_behind_a_link_is_not_trusted_and_put_in_its_place(kept, tmp_path, caplog):
    folder, file = kept
    file.rename(tmp_path / "planted")
    file.symlink_to(tmp_path / "planted")
    planted = (tmp_path / "planted").read_bytes()
    with caplog.at_level(logging.INFO, "dispatch.roads"):
        asked(folder)
    assert "read from the cache" not in caplog.text
    assert not file.is_symlink()
    assert (tmp_path / "planted").read_bytes() == planted


def test_a_write_cut_short_leaves_nothing_behind(tmp_path, monkeypatch):
    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.os, "fsync", no_space)
    assert np.isfinite(asked(tmp_path)).all()
    assert list(Path(tmp_path).iterdir()) == []
