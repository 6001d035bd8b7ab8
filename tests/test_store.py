"""Folders appear whole or not at all."""

import os
import signal
import stat
import subprocess
import sys
import time

import pytest

from dispatch import store
from dispatch.errors import BadInput, OutputExists


def fill_with(word):
    def fill(folder):
        (folder / "plan.json").write_text(word)
        (folder / "sheets").mkdir()
        (folder / "sheets" / "a.html").write_text(word)

    return fill


def words(folder):
    return {path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_is_written_for_its_owner_only(tmp_path):
    store.write_folder(tmp_path / "plan", fill_with("new"))
    assert words(tmp_path / "plan") == {"new"}
    assert stat.S_IMODE((tmp_path / "plan" / "plan.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "plan" / "sheets").stat().st_mode) == 0o700


def test_an_existing_folder_is_refused_without_force(tmp_path):
    store.write_folder(tmp_path / "plan", fill_with("old"))
    with pytest.raises(OutputExists, match="--force"):
        store.write_folder(tmp_path / "plan", fill_with("new"))
    assert words(tmp_path / "plan") == {"old"}


def test_force_replaces_a_plan_and_leaves_nothing_beside_it(tmp_path):
    store.write_folder(tmp_path / "plan", fill_with("old"))
    store.write_folder(tmp_path / "plan", fill_with("new"), force=True)
    assert words(tmp_path / "plan") == {"new"}
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_force_never_replaces_a_folder_that_is_not_a_plan(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "letter.txt").write_text("dear")
    with pytest.raises(BadInput, match="none of plan.json, area.toml, sheets.json"):
        store.write_folder(home, fill_with("new"), force=True)
    assert (home / "letter.txt").read_text() == "dear"


def test_a_fill_that_fails_changes_nothing(tmp_path):
    store.write_folder(tmp_path / "plan", fill_with("old"))

    def breaks(folder):
        (folder / "plan.json").write_text("half")
        raise BadInput("no")

    with pytest.raises(BadInput, match="no"):
        store.write_folder(tmp_path / "plan", breaks, force=True)
    assert words(tmp_path / "plan") == {"old"}
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_a_folder_that_cannot_be_written_says_so_in_one_line(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match="choose another --out"):
        store.write_folder(tmp_path / "file" / "plan", fill_with("new"))


def test_without_an_exchange_the_set_aside_folder_comes_back(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_swap", lambda *_: False)
    plan = tmp_path / "plan"
    store.write_folder(plan, fill_with("old"))
    store.write_folder(plan, fill_with("new"), force=True)
    assert words(plan) == {"new"}
    plan.rename(tmp_path / ".plan.old-1-aa")  # as if killed between the two renames
    store.recover(plan)
    assert words(plan) == {"new"}


WRITER = """
import sys
from pathlib import Path
from dispatch import store
target, n = Path(sys.argv[1]), 0
while True:
    n += 1
    def fill(folder):
        (folder / "plan.json").write_text(str(n))
        for k in range(20):
            (folder / f"{k}.txt").write_text(str(n))
    store.write_folder(target, fill, force=True)
    print(n, flush=True)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="folders are exchanged in one step on Linux")
def test_killed_at_any_moment_the_folder_is_whole(tmp_path):
    target = tmp_path / "plan"
    store.write_folder(target, fill_with("0"))
    for kill in range(15):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout.readline()
            time.sleep(0.003 * kill)
            os.kill(writer.pid, signal.SIGKILL)
        held = words(target)
        assert len(held) == 1, f"a mixture of {held}"
        assert len(list(target.iterdir())) == 21
    store.write_folder(target, fill_with("last"), force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]
