"""The offline installer: whatever it needs is in it, and it says what does not fit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools import build_bundle, bundle_wheels

REPOSITORY = Path(__file__).resolve().parent.parent
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
BY_NAME = {platform.name: platform for platform in bundle_wheels.PLATFORMS}


def own_platform() -> bundle_wheels.Platform:
    """The platform of this machine; skips on others (a Mac, 32 bits), for which no bundle is made."""
    for platform in bundle_wheels.PLATFORMS:
        if platform.machine == sysconfig.get_platform():
            return platform
    pytest.skip(f"no bundle is made for {sysconfig.get_platform()}")


def fake_wheel(folder: Path, name: str, *needs: str) -> Path:
    """A wheel with nothing but what it says it needs."""
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    metadata = "\n".join(
        [f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0", *(f"Requires-Dist: {n}" for n in needs)]
    )
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}-1.0.dist-info/METADATA", metadata + "\n")
    return wheel


@pytest.mark.parametrize(
    ("platform", "python", "expected"),
    [
        ("linux-x86_64", "3.11", ["a", "b", "old"]),
        ("linux-x86_64", "3.12", ["a", "b"]),
        ("windows-x86_64", "3.12", ["a", "b", "win"]),
    ],
)
def test_conditions_are_answered_as_the_other_machine_would(
    tmp_path, monkeypatch, platform, python, expected
):
    # a needs b; b needs win on Windows, old on Python 3.11, and extra only where it is asked for
    needs = {
        "a": ["b"],
        "b": ['win; sys_platform == "win32"', 'old; python_version < "3.12"', 'more; extra == "x"'],
        "win": [],
        "old": [],
    }

    def download(names, _versions, _target, folder):
        return {name: fake_wheel(folder, name, *needs[name]) for name in names}

    monkeypatch.setattr(bundle_wheels, "_download", download)
    target = bundle_wheels.Target(BY_NAME[platform], python)
    found = bundle_wheels.fetch([Requirement("a")], [], target, tmp_path)
    assert [bundle_wheels.name_and_version(wheel)[0] for wheel in found] == expected


@pytest.mark.parametrize(
    ("platform", "missing", "expected"),
    [
        ("linux-x86_64", set(), ["a", "charts", "quick"]),
        ("windows-x86_64", set(), ["a", "charts"]),  # no wheel of quick is asked for there
        (
            "linux-x86_64",
            {"quick"},
            ["a", "charts"],
        ),  # asked for, and not to be had: it goes without, and says so
    ],
)
def test_a_bundle_carries_the_extras_that_have_wheels(
    tmp_path, monkeypatch, capsys, platform, missing, expected
):
    def download(names, _versions, _target, folder):
        if found := missing & set(names):
            raise bundle_wheels.NoWheelError(f"no wheel of {found}")
        return {name: fake_wheel(folder, name) for name in names}

    monkeypatch.setattr(bundle_wheels, "_download", download)
    needs = [
        "a",
        'charts; extra == "reports"',
        'quick; sys_platform == "linux" and extra == "fast-roads"',
        'no; extra == "dev"',
    ]
    target = bundle_wheels.Target(BY_NAME[platform], "3.11")
    found = build_bundle._fetched([Requirement(one) for one in needs], [], target, tmp_path)
    assert [bundle_wheels.name_and_version(wheel)[0] for wheel in found] == expected
    assert ("without fast-roads" in capsys.readouterr().err) == bool(missing)


def test_an_extra_every_bundle_carries_is_never_left_out(tmp_path, monkeypatch):
    def download(names, *_):
        raise bundle_wheels.NoWheelError(f"no wheel of {names}")

    monkeypatch.setattr(bundle_wheels, "_download", download)
    target = bundle_wheels.Target(BY_NAME["linux-x86_64"], "3.11")
    with pytest.raises(bundle_wheels.NoWheelError):
        build_bundle._fetched([Requirement('charts; extra == "reports"')], [], target, tmp_path)


def test_a_package_without_a_pin_is_named(tmp_path):
    target = bundle_wheels.Target(BY_NAME["linux-x86_64"], "3.11")
    with pytest.raises(bundle_wheels.NoWheelError, match=r"no pin for nowhere.*make pins"):
        bundle_wheels.fetch([Requirement("nowhere")], [], target, tmp_path)


def test_the_oldest_glibc_is_the_most_that_any_wheel_asks_at_the_least():
    wheels = [
        Path("a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"),  # 17
        Path("b-1-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl"),  # the lower of 24 and 28
        Path("c-1-py3-none-any.whl"),
    ]
    assert bundle_wheels.oldest_glibc(wheels) == "2.24"
    assert bundle_wheels.oldest_glibc(wheels[2:]) == ""


def unpacked(folder: Path, **about: str) -> Path:
    """A bundle without wheels, for this machine unless `about` says otherwise."""
    known = {"version": "1", "platform": "here", "machine": sysconfig.get_platform(), "glibc": ""}
    folder.mkdir()
    (folder / "bundle.json").write_text(json.dumps(known | about), encoding="utf-8")
    (folder / f"requirements-{PYTHON}.txt").touch()
    (folder / "SHA256SUMS").touch()
    (folder / "install.py").write_bytes((REPOSITORY / "tools" / "bundle" / "install.py").read_bytes())
    return folder


def install(bundle: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, bundle / "install.py", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"machine": "linux-sparc"}, "the wheels here are for linux-sparc"),
        ({"glibc": "2.999"}, "the wheels here need glibc 2.999 or later"),
    ],
)
def test_a_bundle_of_another_system_says_so_in_one_line(tmp_path, about, said):
    done = install(unpacked(tmp_path / "bundle", **about), tmp_path / "new")
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_a_bundle_for_another_python_names_those_it_is_for(tmp_path):
    bundle = unpacked(tmp_path / "bundle")
    (bundle / f"requirements-{PYTHON}.txt").rename(bundle / "requirements-3.99.txt")
    assert f"this is Python {PYTHON}; the wheels here are for Python 3.99" in install(bundle).stderr


def test_a_damaged_file_is_named_before_anything_is_touched(tmp_path):
    bundle = unpacked(tmp_path / "bundle")
    (bundle / "SHA256SUMS").write_text("0" * 64 + "  install.py\n", encoding="utf-8")
    assert "install.py is damaged" in install(bundle, tmp_path / "new").stderr
    (bundle / "SHA256SUMS").write_text("0" * 64 + "  wheels/gone.whl\n", encoding="utf-8")
    assert "wheels/gone.whl is missing" in install(bundle, tmp_path / "new").stderr
    assert not (tmp_path / "new").exists()


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path):
    precious = tmp_path / "documents"
    precious.mkdir()
    (precious / "letter.txt").touch()
    assert "name another folder" in install(unpacked(tmp_path / "bundle"), precious).stderr
    assert [path.name for path in precious.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize("system", ["linux", "windows"])
def test_the_readme_speaks_both_languages_and_leaves_no_gap(tmp_path, system):
    about = {"version": "9.9", "platform": f"{system}-x86_64", "glibc": "2.28"}
    build_bundle._write_scripts(tmp_path, about, ("3.11", "3.12"))
    text = (tmp_path / "README.txt").read_text(encoding="utf-8-sig")
    assert "离线安装包" in text
    assert "offline installer" in text
    assert "9.9" in text
    assert "3.11, 3.12" in text
    assert not set("{}") & set(text)


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder that is gone after the test: what a bundle unpacks to is too much to keep for three runs."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(os.name != "posix", reason="runs install.sh")
def test_the_bundle_installs_with_no_index_and_runs(scratch):
    platform = own_platform()
    data = REPOSITORY / "data"
    bundled = {path.relative_to(data) for path in data.rglob("*") if path.is_file()}
    zipped = build_bundle.build(platform, (PYTHON,), scratch)
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(scratch)
    bundle = scratch / zipped.stem

    # Anything that reached for a network would meet a closed door.
    closed = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    bare = {
        "PATH": f"{Path(sys._base_executable).parent}:/usr/bin:/bin",
        "HOME": str(scratch / "home"),
        **closed,
    }
    new = scratch / "new"

    def run(*command: str | Path) -> str:
        done = subprocess.run(
            command, env=bare, cwd=scratch, capture_output=True, text=True, check=False, timeout=400
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "Installed." in run("sh", bundle / "install.sh", new)
    assert "plan" in run(new / "bin" / "dispatch", "--help")
    run(new / "bin" / "python", "-c", "import docx, matplotlib")  # what reports are made with
    code = "from dispatch.settings import data_folder; print(data_folder())"
    carried = Path(run(new / "bin" / "python", "-c", code).strip())
    assert carried.is_relative_to(new)
    assert bundled <= {path.relative_to(carried) for path in carried.rglob("*")}
