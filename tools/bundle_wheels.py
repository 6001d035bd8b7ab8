"""Which wheels another machine needs, and fetching them: the pins, followed for that machine's Python and system.

pip can fetch for another platform, but asks *this* machine about conditions such as
``colorama; sys_platform == "win32"``. So the requirements are followed here, wheel by wheel, with the other
machine's answers, and pip is told each name and version.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

NEWEST_GLIBC_MINOR = 28  # glibc 2.28 (2018): Kylin V10, UOS 20, RHEL 8, Debian 10 and all later ones


class NoWheelError(Exception):
    """A package has no wheel that fits the machine."""


@dataclass(frozen=True)
class Platform:
    """A kind of machine: its name here, what its Python calls it, and how pip and the conditions see it."""

    name: str
    machine: str
    tags: tuple[str, ...]
    conditions: Mapping[str, str]


@dataclass(frozen=True)
class Target:
    """A platform with a Python version on it, such as "3.11"."""

    platform: Platform
    python: str

    def environment(self, extra: str = "") -> dict[str, str]:
        """What conditions in requirements ask, answered as that machine would."""
        return {
            **self.platform.conditions,
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "platform_python_implementation": "CPython",
            "extra": extra,
        }


def _linux(machine: str, oldest_glibc_minor: int, legacy: tuple[str, ...]) -> Platform:
    newest_first = range(NEWEST_GLIBC_MINOR, oldest_glibc_minor - 1, -1)
    tags = tuple(f"manylinux_2_{minor}_{machine}" for minor in newest_first)
    conditions = {
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": machine,
        "platform_release": "",
        "platform_version": "",
    }
    return Platform(
        f"linux-{machine}", f"linux-{machine}", tags + tuple(f"{old}_{machine}" for old in legacy), conditions
    )


PLATFORMS = (
    _linux("x86_64", 5, ("manylinux2014", "manylinux2010", "manylinux1")),
    _linux("aarch64", 17, ("manylinux2014",)),
    Platform(
        "windows-x86_64",
        "win-amd64",
        ("win_amd64",),
        {
            "os_name": "nt",
            "sys_platform": "win32",
            "platform_system": "Windows",
            "platform_machine": "AMD64",
            "platform_release": "",
            "platform_version": "",
        },
    ),
)


def read_pins(constraints: Path) -> list[Requirement]:
    """The lines of a constraints file; each pins one version, perhaps under a condition."""
    lines = (line.partition("#")[0].strip() for line in constraints.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line]


def requirements(wheel: Path) -> list[Requirement]:
    """What a wheel says it needs, with all conditions still on."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = HeaderParser().parsestr(archive.read(name).decode("utf-8"))
    return [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]


def name_and_version(wheel: Path) -> tuple[str, str]:
    """The normalised name of the package in a wheel, and its version."""
    name, version, _, _ = parse_wheel_filename(wheel.name)
    return name, str(version)


def oldest_glibc(wheels: Iterable[Path]) -> str:
    """The oldest glibc on which all of these run, such as "2.28"; empty where none asks for one."""
    minors = []
    for wheel in wheels:
        tags = parse_wheel_filename(wheel.name)[3]
        # One wheel may name several platforms; the most modest counts.
        asked = [_glibc_minor(tag.platform) for tag in tags if tag.platform.startswith("manylinux")]
        if asked:
            minors.append(min(asked))
    return f"2.{max(minors)}" if minors else ""


def _glibc_minor(tag: str) -> int:
    legacy = {"manylinux1": 5, "manylinux2010": 12, "manylinux2014": 17}
    head = tag.split("_")
    return legacy[head[0]] if head[0] in legacy else int(head[2])


def fetch(
    wanted: Iterable[Requirement],
    pins: Iterable[Requirement],
    target: Target,
    folder: Path,
    extras: Iterable[str] = (),
) -> list[Path]:
    """Wheels for `wanted`, those of `extras` among them, and all that they need on `target`, each in its pinned version.

    Raises
    ------
    NoWheelError
        Naming the package that has no pin, or no wheel for that platform and Python.
    """
    versions = {
        canonicalize_name(pin.name): str(pin.specifier)
        for pin in pins
        if pin.marker is None or pin.marker.evaluate(target.environment())
    }
    wheels: dict[str, Path] = {}
    followed: set[tuple[str, str]] = set()
    wanted = list(wanted)
    waiting = [need for extra in ("", *extras) for need in _applying(wanted, extra, target)]
    while waiting:
        new = sorted({canonicalize_name(need.name) for need in waiting} - set(wheels))
        wheels |= _download(new, versions, target, folder)
        following: list[Requirement] = []
        for need in waiting:
            name = canonicalize_name(need.name)
            for extra in ("", *sorted(need.extras)):
                if (name, extra) not in followed:
                    followed.add((name, extra))
                    following += _applying(requirements(wheels[name]), extra, target)
        waiting = following
    return [wheels[name] for name in sorted(wheels)]


def _applying(needs: Iterable[Requirement], extra: str, target: Target) -> list[Requirement]:
    environment = target.environment(extra)
    return [need for need in needs if need.marker is None or need.marker.evaluate(environment)]


def _download(names: list[str], versions: Mapping[str, str], target: Target, folder: Path) -> dict[str, Path]:
    if not names:
        return {}
    if unpinned := [name for name in names if name not in versions]:
        raise NoWheelError(f"constraints.txt has no pin for {', '.join(unpinned)}; run: make pins")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--python-version", target.python, "--implementation", "cp", "--dest", str(folder)]
    for tag in target.platform.tags:
        command += ["--platform", tag]
    done = subprocess.run(
        [*command, *(name + versions[name] for name in names)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        words = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [
            done.stderr[-500:]
        ]
        raise NoWheelError(f"{target.platform.name}, Python {target.python}: {words[-1]}")
    found = {name_and_version(wheel)[0]: wheel for wheel in folder.glob("*.whl")}
    return {name: found[name] for name in names}
