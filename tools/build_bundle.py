"""Write offline installers: one zip a platform, with every wheel and a script that installs from them alone.

``python tools/build_bundle.py [--platforms linux-x86_64 …] [--pythons 3.11 …] [--out dist]``. What lies in a
zip is made of `tools/bundle/` (the scripts and the README), the project's own wheel, and the pinned wheels that
`bundle_wheels` fetches. Nothing is compiled where it is installed: a package without a wheel is an error here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from packaging.requirements import Requirement  # noqa: E402

from tools import bundle_wheels as wheels  # noqa: E402 - the repository must be on the path first

PARTS = REPOSITORY / "tools" / "bundle"
PYTHONS = ("3.11", "3.12", "3.13")
EXTRAS = ("reports",)
"""What pip would be asked for in brackets: every bundle carries it."""
EXTRAS_IF_ANY = ("fast-roads",)
"""Without it everything works, more slowly."""
OLDEST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # one date for all, so that the same wheels give the same bytes


def build_own_wheel(folder: Path) -> Path:
    """The project's own wheel, built by the backend that is installed."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(REPOSITORY)], check=True)
    return next(folder.glob("field_dispatch-*.whl"))


def fill(folder: Path, own_wheel: Path, platform: wheels.Platform, pythons: tuple[str, ...]) -> None:
    """Everything of one bundle into `folder`: wheels, their hashes, the scripts, the README."""
    _, version = wheels.name_and_version(own_wheel)
    pins = wheels.read_pins(REPOSITORY / "constraints.txt")
    (folder / "wheels").mkdir(parents=True)
    for python in pythons:
        target = wheels.Target(platform, python)
        with tempfile.TemporaryDirectory() as fetched:
            found = [own_wheel, *_fetched(wheels.requirements(own_wheel), pins, target, Path(fetched))]
            for wheel in found:
                shutil.copy(wheel, folder / "wheels" / wheel.name)
            lines = [_hashed_pin(wheel) for wheel in sorted(found, key=lambda wheel: wheel.name.lower())]
        (folder / f"requirements-{python}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    glibc = wheels.oldest_glibc(sorted((folder / "wheels").iterdir()))
    about = {"version": version, "platform": platform.name, "machine": platform.machine, "glibc": glibc}
    (folder / "bundle.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    _write_scripts(folder, about, pythons)
    _write_sums(folder)


def _fetched(
    wanted: list[Requirement], pins: list[Requirement], target: wheels.Target, folder: Path
) -> list[Path]:
    """The wheels with those of `EXTRAS`, and of `EXTRAS_IF_ANY` where they have some for that machine."""
    try:
        return wheels.fetch(wanted, pins, target, folder, (*EXTRAS, *EXTRAS_IF_ANY))
    except wheels.NoWheelError as error:
        found = wheels.fetch(wanted, pins, target, folder, EXTRAS)  # says so again if that was not the reason
        print(f"without {', '.join(EXTRAS_IF_ANY)}: {error}", file=sys.stderr)
        return found


def pack(folder: Path, target: Path) -> None:
    """`folder` as a zip, whole or not at all; wheels are compressed already."""
    unfinished = target.with_name(target.name + ".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                name = f"{target.stem}/{path.relative_to(folder).as_posix()}"
                entry = zipfile.ZipInfo(name, OLDEST_ZIP_DATE)
                entry.external_attr = (0o100755 if path.suffix == ".sh" else 0o100644) << 16
                archive.writestr(entry, path.read_bytes())
    unfinished.replace(target)


def _hashed_pin(wheel: Path) -> str:
    name, version = wheels.name_and_version(wheel)
    return f"{name}=={version} --hash=sha256:{_sha256(wheel)}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_scripts(folder: Path, about: dict[str, str], pythons: tuple[str, ...]) -> None:
    windows = about["platform"].startswith("windows")
    script = "install.bat" if windows else "install.sh"
    known = about | {"pythons": ", ".join(pythons), "script": script}
    known["system_zh"] = "Windows 10 以上" if windows else f"glibc {about['glibc']} 以上的 Linux"
    known["system_en"] = "Windows 10 or later" if windows else f"Linux with glibc {about['glibc']} or later"
    shutil.copy(PARTS / "install.py", folder)
    ends = "\r\n" if windows else "\n"
    text = (PARTS / script).read_text(encoding="ascii")
    (folder / script).write_text(text, encoding="ascii", newline=ends)
    readme = (
        (PARTS / f"README-{'windows' if windows else 'linux'}.txt")
        .read_text(encoding="utf-8")
        .format(**known)
    )
    # The mark at the head is for Windows' Notepad, which guesses wrong without it.
    (folder / "README.txt").write_text(readme, encoding="utf-8-sig", newline=ends)
    shutil.copy(REPOSITORY / "LICENSE", folder)


def _write_sums(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{_sha256(path)}  {path.relative_to(folder).as_posix()}" for path in files]
    (folder / "SHA256SUMS").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def build(platform: wheels.Platform, pythons: tuple[str, ...], out: Path) -> Path:
    """The bundle of one platform; returns its path, ``<out>/field-dispatch-<version>-<platform>.zip``."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        own_wheel = build_own_wheel(Path(work))
        _, version = wheels.name_and_version(own_wheel)
        folder = Path(work) / "bundle"
        fill(folder, own_wheel, platform, pythons)
        target = out / f"field-dispatch-{version}-{platform.name}.zip"
        pack(folder, target)
        count = len(list((folder / "wheels").iterdir()))
    print(f"{target}: {count} wheels for Python {', '.join(pythons)}, {target.stat().st_size / 1e6:.0f} MB")
    return target


def main(arguments: list[str] | None = None) -> int:
    """Build what is asked for; 1 if a package has no wheel for a platform, naming it."""
    parser = argparse.ArgumentParser(description="Write offline installers into dist/.")
    known = [platform.name for platform in wheels.PLATFORMS]
    parser.add_argument("--platforms", nargs="+", choices=known, default=known, metavar="NAME")
    parser.add_argument("--pythons", nargs="+", choices=PYTHONS, default=["3.11"], metavar="VERSION")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "dist", metavar="FOLDER")
    given = parser.parse_args(arguments)
    faults = 0
    for platform in wheels.PLATFORMS:
        if platform.name in given.platforms:
            try:
                build(platform, tuple(given.pythons), Path(os.path.relpath(given.out)))
            except wheels.NoWheelError as error:
                print(f"error: {error}", file=sys.stderr)
                faults += 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
