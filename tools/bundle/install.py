"""Install from the wheels beside this file, without any network: python install.py [FOLDER]."""

import hashlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
MARK = ".field-dispatch"  # a folder that bears it was made here, and may be made anew


def refuse(found):
    """End with one line that says what was found and what to do."""
    sys.exit("error: " + found)


def check_machine(about):
    """The wheels fit this Python and this system, or one line says why not."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not (HERE / f"requirements-{python}.txt").is_file():
        fits = ", ".join(sorted(path.stem.split("-")[1] for path in HERE.glob("requirements-*.txt")))
        refuse(f"this is Python {python}; the wheels here are for Python {fits}")
    machine = sysconfig.get_platform()
    if machine != about["machine"]:
        refuse(f"this is {machine}; the wheels here are for {about['machine']}: take that system's bundle")
    libc, version = platform.libc_ver()
    if about["glibc"] and (libc != "glibc" or as_numbers(version) < as_numbers(about["glibc"])):
        refuse(
            f"this system has {libc or 'no glibc'} {version}; the wheels here need glibc {about['glibc']} or later"
        )
    if not all(importlib.util.find_spec(module) for module in ("ensurepip", "venv")):
        refuse(f"this Python has no venv module; install it (Debian, Ubuntu: python{python}-venv)")
    return python


def as_numbers(version):
    """The version as numbers, so that 2.9 comes before 2.28."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def check_files():
    """Every file is as it was packed; looked at before an earlier installation is touched."""
    for line in (HERE / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        expected, name = line.split("  ", 1)
        path = HERE / name
        if not path.is_file():
            refuse(f"{name} is missing; unpack the bundle again")
        if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            refuse(f"{name} is damaged or was changed; copy and unpack the bundle again")


def default_folder():
    """Where it goes unless a folder is named: one of the user's own."""
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "field-dispatch"
    return Path.home() / "field-dispatch"


def install(folder, python):
    """Make a virtual environment in `folder` and install into it; pip checks each wheel against its hash."""
    if folder.exists() and not (folder / MARK).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        refuse(f"{folder} is there already and not an earlier installation; name another folder")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    (folder / MARK).touch()
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    command = [str(programs / "python"), "-m", "pip", "--isolated", "install", "--quiet", "--no-index"]
    command += ["--disable-pip-version-check", "--no-cache-dir", "--find-links", str(HERE / "wheels")]
    command += ["--require-hashes", "--requirement", str(HERE / f"requirements-{python}.txt")]
    if subprocess.run(command, check=False).returncode:
        refuse("the wheels could not be installed, for the reason above")
    return programs / ("dispatch.exe" if os.name == "nt" else "dispatch")


def main():
    """Check, install, say what to run."""
    if len(sys.argv) > 2 or any(word.startswith("-") for word in sys.argv[1:]):
        refuse("usage: install [FOLDER]")
    about = json.loads((HERE / "bundle.json").read_text(encoding="utf-8"))
    python = check_machine(about)
    check_files()
    folder = Path(sys.argv[1]).resolve() if len(sys.argv) == 2 else default_folder()
    print(f"Installing field-dispatch {about['version']} into {folder} ...", flush=True)
    program = install(folder, python)
    print(f"Installed. Run: {program} --help")


if __name__ == "__main__":
    main()
