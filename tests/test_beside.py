"""Work done beside: on another core where that is safe, and never half done."""

import os
import signal
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

import pytest
from doors import DAY

import dispatch
from dispatch import beside as module
from dispatch.beside import WorkerDied, beside, can_copy
from dispatch.errors import BadInput, OutputExists
from dispatch.sheets import write as routes

needs_copies = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux makes copies of a process here"
)


@pytest.fixture
def copies(monkeypatch):
    """As in a command: the only thread; that of a test run beside others only waits for words."""
    monkeypatch.setattr(module, "can_copy", lambda: True)


@pytest.mark.parametrize("copied", [pytest.param(True, marks=needs_copies), False])
def test_both_have_done_their_part_when_the_body_ends(tmp_path, monkeypatch, copied):
    monkeypatch.setattr(module, "can_copy", lambda: copied)
    with beside(lambda: (tmp_path / "one").write_text(str(os.getpid()))) as answer:
        (tmp_path / "other").write_text(str(os.getpid()))
    one, other = (int((tmp_path / name).read_text()) for name in ("one", "other"))
    assert (one != other) is copied
    assert answer() == len(str(one))


@pytest.mark.parametrize("copied", [pytest.param(True, marks=needs_copies), False])
@pytest.mark.parametrize(
    "wrong", [BadInput("nothing usable"), OSError(28, "No space left on device", "x"), KeyError("a")]
)
def test_what_the_work_raises_is_raised_here(monkeypatch, copied, wrong):
    monkeypatch.setattr(module, "can_copy", lambda: copied)

    def work():
        raise wrong

    with pytest.raises(type(wrong)) as found, beside(work):
        pass
    assert str(found.value) == str(wrong)


@needs_copies
def test_an_error_that_cannot_be_sent_is_told_in_words(copies):
    class Odd(Exception):
        def __init__(self, one, two):
            super().__init__(f"{one} and {two}")

    def work():
        raise Odd("this", "that")

    with pytest.raises(RuntimeError, match="Odd: this and that"), beside(work):
        pass


@needs_copies
def test_a_killed_worker_is_said_and_left_nowhere(copies, tmp_path):
    def work():
        (tmp_path / "who").write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(WorkerDied, match="died"), beside(work):
        pass
    with pytest.raises(ChildProcessError):  # no longer a child of ours: it was waited for
        os.waitpid(int((tmp_path / "who").read_text()), os.WNOHANG)


@needs_copies
def test_a_body_that_fails_stops_the_work(copies, tmp_path):
    def work():
        threading.Event().wait(60)
        (tmp_path / "late").write_text("")

    with pytest.raises(OutputExists), beside(work):
        raise OutputExists(tmp_path)
    assert not list(tmp_path.iterdir())


@needs_copies
def test_a_worker_ends_with_who_started_it(tmp_path):
    script = f"""
import os, signal, time
from pathlib import Path
from dispatch import beside as module
module.can_copy = lambda: True
def work():
    Path({str(tmp_path / "pid")!r}).write_text(str(os.getpid()))
    time.sleep(60)
with module.beside(work):
    while not Path({str(tmp_path / "pid")!r}).is_file() or not Path({str(tmp_path / "pid")!r}).read_text():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    worker = int((tmp_path / "pid").read_text())
    for _ in range(500):
        if _state(worker) == "Z":
            break
        threading.Event().wait(0.01)
    else:
        pytest.fail("the worker outlived its parent")


def _state(process):
    """Its state by the kernel; one that is gone is as good as a zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """A few alerts of the practice day, planned."""
    alerts = tmp_path_factory.mktemp("few") / "alerts.csv"
    alerts.write_text("".join(DAY.read_text("utf-8-sig").splitlines(keepends=True)[:300]), "utf-8")
    at = datetime.fromisoformat("2026-05-01T14:00+08:00")
    request = dispatch.Request(alerts, at=at, policy="nearest", bound_seconds=0.0)
    return dispatch.plan_day(dispatch.open_area("maoming"), request)


@needs_copies
def test_a_plan_folder_is_the_same_whoever_wrote_its_sheets(day, tmp_path, monkeypatch):
    for copied in (True, False):
        monkeypatch.setattr(module, "can_copy", lambda copied=copied: copied)
        dispatch.write_day(day, tmp_path / str(copied))
    one, other = (_contents(tmp_path / name) for name in ("True", "False"))
    assert sum(name.startswith("sheets/") for name in one) > 10
    assert one == other


def _contents(folder):
    """Every file by its name, but for moments of writing: a database's own, and how long each stage took."""
    return {
        path.relative_to(folder).as_posix(): path.name in {"plan.gpkg", "run.json"} or path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@needs_copies
def test_where_the_copy_cannot_write_no_folder_appears(day, tmp_path, monkeypatch, copies):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(routes, "routes_xlsx", full)
    with pytest.raises(BadInput, match="No space left on device; nothing was changed"):
        dispatch.write_day(day, tmp_path / "plan")
    assert not list(tmp_path.iterdir())


def test_beside_another_thread_no_copy_is_made():
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert not can_copy()
    finally:
        stop.set()
        thread.join()
