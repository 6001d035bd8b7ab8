"""What every test may ask for: the system's needs, a browser, the shared data."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

import hypothesis
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from tools import system_needs  # noqa: E402 - the repository must be on the path first

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from postgres_server import Server

    from dispatch.ledger import Ledger

# Slow or busy machines are no reason to fail; in CI the same examples every time, so that a failure is the change's.
hypothesis.settings.register_profile(
    "house",
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("house")


STATE = pytest.StashKey[tempfile.TemporaryDirectory[str]]()


def require(name: str) -> None:
    """Skip the test that runs, saying why, unless the system has `name`; with CI=true fail it instead."""
    reason = system_needs.missing(name)
    if reason is None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason} (a skip where CI is not true)", pytrace=False)
    pytest.skip(reason)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of system needs."""
    # Orders of the bundled areas' roads are kept in the user's state folder: not in that of who runs the tests.
    os.environ["XDG_STATE_HOME"] = config.stash.setdefault(STATE, tempfile.TemporaryDirectory()).name
    config.addinivalue_line("markers", "needs(name, ...): what the test needs of tools/system_needs.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with a slow test come first: beside one that comes last the other processors would stand idle."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked `needs("chromium")` runs only where that is."""
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            require(name)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of pages; each opens its own context, offline."""
    require("chromium")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where a page is opened

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=system_needs.chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL server of the tests' own, with PostGIS."""
    require("postgres")
    from postgres_server import running  # noqa: PLC0415 - beside this file; knows tools/ only once it is read

    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new ledger may be made: the same tests run on both kinds of database."""
    if request.param == "postgres":
        server: Server = request.getfixturevalue("postgres_server")
        return server.empty_database()
    return str(tmp_path / "ledger.db")


@pytest.fixture(scope="session")
def empty_ledger_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new ledger to copy: making one takes longer than most tests."""
    from dispatch.ledger import Ledger  # noqa: PLC0415 - only where a test of the ledger runs

    path = tmp_path_factory.mktemp("ledger") / "empty.db"
    Ledger.create(path)
    return path


@pytest.fixture
def ledger(ledger_url: str, empty_ledger_file: Path) -> Ledger:
    """A new ledger on either kind of database."""
    from dispatch.ledger import Ledger  # noqa: PLC0415

    if "://" in ledger_url:
        return Ledger.create(ledger_url)
    shutil.copy(empty_ledger_file, ledger_url)
    return Ledger.open(ledger_url)


@pytest.fixture(scope="session")
def practice_plan(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CompletedProcess[str]]:
    """The practice day by the nearest policy, planned once for all who only read it; and what the command said."""
    from doors import DAY, run_dispatch  # noqa: PLC0415

    out = tmp_path_factory.mktemp("practice-day") / "plan"
    told = ("--policy", "nearest", "--bound-seconds", "0", "--strict", "--json")
    done = run_dispatch("plan", DAY, "--area", "maoming", "--at", "2026-05-01T14:00", "--out", out, *told)
    return out, done


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of road extracts and lists beside the repository; skips where it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is not there")
    return folder
