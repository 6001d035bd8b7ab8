"""Fetch the oldest Chromium that maps are promised to open in: ``python tools/oldest_chromium.py``.

Chromium 80 (February 2020) is the first with `DecompressionStream`. It is taken, packed for
Linux on x86-64, from the npm package `chrome-aws-lambda` (MIT), pinned by version and hash, and
kept in the user's cache folder; tests use it where it is, and nothing else does.
"""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import platformdirs

PACKAGE, VERSION = "chrome-aws-lambda", "2.1.1"
ARCHIVE_SHA256 = "94f8953cd47c3fbd9d0ba8f50d2e5aa4e8136ca52b37e2babcc12e43018ade77"
BROTLI = (
    "const z = require('zlib'), f = require('fs');"
    "f.writeFileSync(process.argv[2], z.brotliDecompressSync(f.readFileSync(process.argv[1])))"
)


def folder() -> Path:
    """Where it is kept."""
    return Path(platformdirs.user_cache_dir("field-dispatch")) / "chromium-80"


def path() -> Path | None:
    """The browser, if it was fetched."""
    found = folder() / "chromium"
    return found if found.is_file() else None


def fetch() -> Path:
    """Fetch and unpack it; needs npm, node and Linux on x86-64."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise SystemExit("the package holds a browser for Linux on x86-64 only")
    target = folder()
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        pinned = f"{PACKAGE}@{VERSION}"
        command = ["npm", "pack", pinned, "--silent", "--pack-destination", scratch]
        packed = subprocess.run(command, check=True, capture_output=True, text=True)
        archive = Path(scratch) / packed.stdout.split()[-1]
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != ARCHIVE_SHA256:
            raise SystemExit(
                f"{pinned}: archive has sha256 {found}, pinned is {ARCHIVE_SHA256}; do not use it"
            )
        with tarfile.open(archive) as tar:
            for name, out in (("chromium.br", "chromium.new"), ("swiftshader.tar.br", "swiftshader.tar")):
                tar.extract(f"package/bin/{name}", scratch, filter="data")
                source = Path(scratch) / "package" / "bin" / name
                subprocess.run(["node", "-e", BROTLI, str(source), str(target / out)], check=True)
    with tarfile.open(target / "swiftshader.tar") as tar:
        tar.extractall(target, filter="data")
    (target / "swiftshader.tar").unlink()
    (target / "chromium.new").chmod(0o700)
    return (target / "chromium.new").replace(target / "chromium")


if __name__ == "__main__":
    print(path() or fetch())
