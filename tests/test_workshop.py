"""Set-up, pins, import direction: what the Makefile promises."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import system_needs

REPOSITORY = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))


def run(*command: str | Path, **settings) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **settings)


def script(path: Path, text: str) -> Path:
    path.write_text("#!/bin/sh\n" + text, encoding="utf-8")
    path.chmod(0o755)
    return path


# --- pins


def pin_lines() -> list[str]:
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_every_pin_is_one_exact_version_and_names_no_host():
    for line in pin_lines():
        assert re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9a-z.]*( ; .+)?", line), line


def test_everything_asked_for_is_pinned_to_a_version_that_will_do():
    pins = {canonicalize_name(pin.name): pin for pin in map(Requirement, pin_lines())}
    project = PYPROJECT["project"]
    asked = [*PYPROJECT["build-system"]["requires"], *project["dependencies"]]
    asked += [need for extra in project["optional-dependencies"].values() for need in extra]
    for need in map(Requirement, asked):
        assert canonicalize_name(need.name) in pins, f"{need.name} has no pin; run: make pins"
        (pinned,) = pins[canonicalize_name(need.name)].specifier
        assert need.specifier.contains(pinned.version), f"{need} but {pinned}; run: make pins"


# --- the Makefile


def test_ci_runs_check_and_test_and_nothing_more():
    lines = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("make")] == ["make check", "make test"]
    assert "set -euo pipefail" in lines


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_every_target_is_explained_by_make_help():
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (help .*)$", makefile, re.MULTILINE).group(1).split()
    told = run("make", "--no-print-directory", "help", cwd=REPOSITORY).stdout
    for target in set(targets) - {"help"}:
        assert f"make {target} " in told


# --- the virtual environment; `python3` is a stand-in, so nothing is really made


def make_venv(folder: Path, path: Path) -> subprocess.CompletedProcess[str]:
    # Only the stand-in's folder is on the path, with two tools: the system's own Pythons must not answer.
    for tool in ("cat", "mkdir"):
        (path / tool).symlink_to(shutil.which(tool))
    command = [shutil.which("sh"), REPOSITORY / "tools" / "make_venv.sh", folder]
    return run(*command, cwd=folder.parent, env={"PATH": str(path)})


PRETENDS_TO_MAKE_ONE = f"""
case "$*" in *"-m venv --clear"*) mkdir -p "$4/bin"; echo made > "$4/new"; exit 0;; esac
exec {sys.executable} "$@"
"""


def test_without_a_fitting_python_one_line_says_so(tmp_path):
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin" / "python3", "exit 1")  # too old, or a shim that leads nowhere
    done = make_venv(tmp_path / "venv", tmp_path / "bin")
    assert done.returncode == 1
    assert done.stderr.startswith("error: found no Python 3.11, 3.12 or 3.13")
    assert done.stderr.count("\n") == 1


def test_without_the_venv_module_one_line_says_what_to_install(tmp_path):
    (tmp_path / "bin").mkdir()
    without = f'case "$2" in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"'
    script(tmp_path / "bin" / "python3", without)
    done = make_venv(tmp_path / "venv", tmp_path / "bin")
    assert done.returncode == 1
    assert f"apt install python3.{sys.version_info.minor}-venv" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_next_python_is_taken_where_the_first_does_not_fit(tmp_path):
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin" / "python3", "exit 1")
    script(tmp_path / "bin" / "python3.12", PRETENDS_TO_MAKE_ONE)
    done = make_venv(tmp_path / "venv", tmp_path / "bin")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "venv" / "new").exists()


@pytest.mark.parametrize(("made_in", "made_anew"), [(".", False), ("/elsewhere", True)])
def test_an_environment_that_works_is_kept_unless_it_was_made_elsewhere(tmp_path, made_in, made_anew):
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin" / "python3", PRETENDS_TO_MAKE_ONE)
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    script(tmp_path / "venv" / "bin" / "python", f'exec {sys.executable} "$@"')
    here = str(tmp_path.resolve()) if made_in == "." else made_in
    (tmp_path / "venv" / ".made").write_text(here + "\n", encoding="utf-8")
    assert make_venv(tmp_path / "venv", tmp_path / "bin").returncode == 0
    assert (tmp_path / "venv" / "new").exists() == made_anew


# --- what tests need of the system


NEEDY = """
import pytest
from tools import system_needs
system_needs.NEEDS["unobtainium"] = system_needs.Need(lambda: None, ("unobtainium",))

@pytest.mark.needs("unobtainium")
def test_of_something_rare():
    pass
"""


@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 error")])
def test_a_missing_need_skips_with_its_reason_and_fails_in_ci(tmp_path, ci, outcome):
    (tmp_path / "test_needy.py").write_text(NEEDY, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    environment = os.environ | {"CI": ci, "PYTHONPATH": str(REPOSITORY / "tests")}
    command = [sys.executable, "-m", "pytest", "-ra", "-p", "conftest", "-p", "no:cacheprovider"]
    done = run(*command, tmp_path, cwd=tmp_path, env=environment)
    assert outcome in done.stdout
    assert "apt-get install unobtainium" in done.stdout
    assert (done.returncode == 0) == (ci == "")


@pytest.mark.parametrize(
    ("user", "tools", "first_words"),
    [
        (0, {"apt-get"}, ["apt-get", "apt-get", "fetch"]),
        (1000, {"apt-get"}, ["fetch"]),
        (0, set(), ["fetch"]),
    ],
)
def test_apt_is_tried_first_where_there_is_one_and_root_asks(monkeypatch, user, tools, first_words):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(shutil, "which", lambda name: name if name in tools else None)
    need = system_needs.Need(lambda: None, ("unobtainium",), ("fetch", "unobtainium"))
    assert [way[0] for way in system_needs._ways(need)] == first_words


@pytest.mark.needs("chromium")
def test_the_browser_for_tests_opens_a_page(chromium):
    page = chromium.new_page()
    page.set_content("<title>水东街道</title>")
    assert page.title() == "水东街道"
    page.close()


# --- import direction


@pytest.mark.parametrize(
    ("module", "planted", "broken"),
    [
        ("dispatch/domain.py", "import dispatch.cli", "dispatch.domain -> dispatch.cli"),
        ("dispatch/domain.py", "import ortools", "dispatch.domain -> ortools"),
        ("dispatch/places/__init__.py", "import dispatch.sheets", "dispatch.places -> dispatch.sheets"),
        ("maps/view.py", "import dispatch.settings", "maps.view -> dispatch.settings"),
    ],
)
def test_an_arrow_that_points_the_wrong_way_is_found(tmp_path, module, planted, broken):
    for package in ("dispatch", "maps"):
        shutil.copytree(
            REPOSITORY / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(REPOSITORY / ".importlinter", tmp_path)
    with (tmp_path / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{planted}\n")
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = run(sys.executable, "-c", command, "--no-cache", cwd=tmp_path)
    assert done.returncode != 0
    assert broken in done.stdout
