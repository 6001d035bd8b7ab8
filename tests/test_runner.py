"""One runner for many pieces of work: the same blocks whoever makes them, and nothing done twice."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.errors import BadInput
from dispatch.runner import Block, Task, WorkLost, run


def draws(shared: int, argument: int) -> Block:
    return {"draws": np.random.default_rng([shared, argument]).random(3), "who": np.array(["某", "b"])}


def marked(folder: str, argument: int) -> Block:
    """Like `draws`, leaving a mark for every time it was done."""
    with (Path(folder) / str(argument)).open("a") as file:
        file.write("x")
    return draws(7, argument)


def dies_once(folder: str, argument: int) -> Block:
    """The first time a task of an even number is done its process is killed."""
    mark = Path(folder) / str(argument)
    if argument % 2 == 0 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return draws(7, argument)


def always_dies(_shared: None, argument: int) -> Block:
    if argument == 1:
        time.sleep(0.5)  # the others are done by then
        os.kill(os.getpid(), signal.SIGKILL)
    return draws(7, argument)


def slow(_shared: None, argument: int) -> Block:
    time.sleep(0.3)
    return draws(7, argument) | {"pid": np.array([os.getpid()])}


def refuses(_shared: None, argument: int) -> Block:
    raise BadInput(f"row {argument} is empty")


def tasks(count: int) -> list[Task]:
    return [Task(f"r{one:03}", one) for one in range(count)]


def all_of(found: object) -> list[tuple[str, bytes]]:
    return [(task.key, block["draws"].tobytes()) for task, block in found]  # type: ignore[attr-defined]


HERE = [(task.key, draws(7, task.argument)["draws"].tobytes()) for task in tasks(6)]


def test_blocks_come_in_the_order_of_the_tasks_and_are_the_same_over_processes(tmp_path):
    assert all_of(run(draws, tasks(6), shared=7)) == HERE
    assert all_of(run(draws, tasks(6), shared=7, workers=2)) == HERE
    assert all_of(run(draws, tasks(6), shared=7, workers=2, folder=tmp_path)) == HERE


def test_what_is_finished_is_not_done_again(tmp_path):
    marks, blocks = tmp_path / "marks", tmp_path / "blocks"
    marks.mkdir()
    begun = run(marked, tasks(6), shared=str(marks), folder=blocks)
    next(begun), next(begun)
    begun.close()  # type: ignore[attr-defined]
    told: list[tuple[int, int]] = []
    found = run(marked, tasks(6), shared=str(marks), folder=blocks, told=lambda *at: told.append(at))
    assert all_of(found) == HERE
    assert {one.read_text() for one in marks.iterdir()} == {"x"}
    assert told[0] == (2, 6)
    assert told[-1] == (6, 6)
    assert {oct(one.stat().st_mode)[-3:] for one in blocks.iterdir()} == {"600"}


def test_a_block_of_another_stamp_is_not_taken(tmp_path):
    for stamp in ("v1", "v2"):
        list(run(draws, tasks(1), shared=7, folder=tmp_path, stamp=stamp))
    (found,) = run(draws, tasks(1), shared=8, folder=tmp_path, stamp="v2")
    assert found[1]["draws"].tobytes() == HERE[0][1]
    assert len(list(tmp_path.iterdir())) == 2


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.booleans())
def test_a_damaged_block_is_made_again(tmp_path, garbage, cut):
    list(run(draws, tasks(1), shared=7, folder=tmp_path))
    (path,) = tmp_path.glob("*.npz")
    path.write_bytes(path.read_bytes()[: len(garbage)] if cut else garbage)
    assert all_of(run(draws, tasks(1), shared=7, folder=tmp_path)) == HERE[:1]


def test_a_block_cannot_carry_objects(tmp_path):
    np.savez(tmp_path / "evil.npz", draws=np.array([{"code": "here"}], dtype=object), allow_pickle=True)
    list(run(draws, tasks(1), shared=7, folder=tmp_path))
    (path,) = tmp_path.glob("r000*")
    (tmp_path / "evil.npz").replace(path)
    assert all_of(run(draws, tasks(1), shared=7, folder=tmp_path)) == HERE[:1]


def test_what_does_not_count_as_finished_is_made_again(tmp_path):
    marks, blocks = tmp_path / "marks", tmp_path / "blocks"
    marks.mkdir()
    for _ in range(2):
        found = run(
            marked, tasks(3), shared=str(marks), folder=blocks, finished=lambda block: block["draws"][0] > 0.5
        )
        assert all_of(found) == HERE[:3]
    again = {draws(7, one)["draws"][0] > 0.5: (marks / str(one)).read_text() for one in range(3)}
    assert again == {True: "x", False: "xx"}


@pytest.mark.parametrize("keys", [["a", "a"], ["../a"], [""], ["a/b"], [".a"]])
def test_keys_are_plain_file_names(keys):
    with pytest.raises(ValueError, match="plain file names"):
        list(run(draws, [Task(key, 1) for key in keys], shared=7))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_killed_worker_loses_nothing(tmp_path):
    assert all_of(run(dies_once, tasks(6), shared=str(tmp_path), workers=2)) == HERE


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_task_that_takes_every_worker_down_is_named_and_the_rest_stays(tmp_path):
    with pytest.raises(WorkLost, match=r"r001.*run the same command again"):
        list(run(always_dies, tasks(4), workers=2, folder=tmp_path))
    assert list(tmp_path.glob("r000-*.npz"))


@pytest.mark.parametrize("workers", [1, 2])
def test_what_the_work_refuses_is_told_as_it_is(workers):
    with pytest.raises(BadInput, match=r"row [01] is empty"):
        list(run(refuses, tasks(2), workers=workers))


def test_nothing_to_do():
    assert list(run(draws, [], workers=2)) == []


def test_a_cluster_gives_the_same_blocks_though_a_worker_is_killed(tmp_path):
    distributed = pytest.importorskip(
        "distributed", reason="distributed (the extra cluster) is not installed"
    )
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        pids = [worker.pid for worker in cluster.workers.values()]
        killed: list[int] = []

        def kill_one(done: int, _total: int) -> None:
            if done == 2 and not killed:
                os.kill(pids[0], signal.SIGKILL)
                killed.append(pids[0])

        found = list(run(slow, tasks(10), cluster=cluster.scheduler_address, folder=tmp_path, told=kill_one))
    assert killed == pids[:1]
    assert all_of(found)[:6] == HERE
    assert len(found) == 10
    made_by = [int(block["pid"][0]) for _, block in found]
    assert made_by.count(pids[0]) < 10  # somebody else did what it held


def test_an_address_where_nobody_answers_is_one_sentence(monkeypatch):
    pytest.importorskip("distributed", reason="distributed (the extra cluster) is not installed")
    monkeypatch.setattr("dispatch.runner.cluster.CONNECT_SECONDS", 0.5)
    with pytest.raises(BadInput, match="no Dask scheduler answers at tcp://127.0.0.1:1"):
        list(run(draws, tasks(1), cluster="tcp://127.0.0.1:1"))
