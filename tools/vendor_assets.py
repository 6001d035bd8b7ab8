"""Fetch the browser libraries the maps and the phone's sheets carry, and write down what was fetched.

Usage: python tools/vendor_assets.py            (fetches; needs npm and its registry)
       python tools/vendor_assets.py --check    (no network: files against the manifest)

Each package is taken by `npm pack` at a pinned version, the archive compared with its pinned
hash, and only the listed files are kept under `maps/assets/vendor/`. To move to a new version
change `PACKAGES`, run, and read the difference.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "maps" / "assets"
MANIFEST = ASSETS / "manifest.json"


@dataclass(frozen=True)
class Package:
    """One npm package: which version, which files, and what Folium calls them.

    `stands_for` are the file names at the end of the addresses Folium would load.
    """

    name: str
    version: str
    archive_sha256: str
    licence: str
    files: tuple[str, ...]
    stands_for: tuple[tuple[str, str], ...]


PACKAGES = (
    Package(
        "leaflet",
        "1.9.4",
        "84c65a256e50657896f54c33bd857b6849ebe94c817803be818bf32a3dde0b77",
        "BSD-2-Clause",
        (
            "dist/leaflet.js",
            "dist/leaflet.css",
            "dist/images/layers.png",
            "dist/images/layers-2x.png",
            "dist/images/marker-icon.png",
            "dist/images/marker-icon-2x.png",
            "dist/images/marker-shadow.png",
            "LICENSE",
        ),
        (("leaflet.js", "dist/leaflet.js"), ("leaflet.css", "dist/leaflet.css")),
    ),
    Package(
        "leaflet.markercluster",
        "1.5.3",
        "fc6b0b1d00b6c708ae54e43ee4a11ac345e41660e19f0a570190bb35babb1a1c",
        "MIT",
        (
            "dist/leaflet.markercluster.js",
            "dist/MarkerCluster.css",
            "dist/MarkerCluster.Default.css",
            "MIT-LICENCE.txt",
        ),
        (
            ("leaflet.markercluster.js", "dist/leaflet.markercluster.js"),
            ("MarkerCluster.css", "dist/MarkerCluster.css"),
            ("MarkerCluster.Default.css", "dist/MarkerCluster.Default.css"),
        ),
    ),
    Package(
        "lean-qr",
        "2.7.4",
        "e751d84a17c979a79d231828b9a3da0595614340d0d1138dec557ddc63deb10e",
        "MIT",
        ("index.js", "LICENSE"),
        (),
    ),
)

LEFT_OUT = {
    "jquery-3.7.1.min.js": "a few lines in own/folium.js do what popups need of it",
    "bootstrap.bundle.min.js": "not needed",
    "bootstrap.min.css": "not needed",
    "bootstrap-glyphicons.css": "not needed",
    "all.min.css": "icon fonts are not carried; use folium.DivIcon",
    "leaflet.awesome-markers.js": "icon fonts are not carried; use folium.DivIcon",
    "leaflet.awesome-markers.css": "icon fonts are not carried; use folium.DivIcon",
    "leaflet.awesome.rotate.min.css": "icon fonts are not carried; use folium.DivIcon",
}
"""What Folium would load and the maps do without, and why."""


def fetch(package: Package) -> dict[str, object]:
    """Fetch one package into the assets folder; its entry in the manifest."""
    with tempfile.TemporaryDirectory() as folder:
        pinned = f"{package.name}@{package.version}"
        packed = subprocess.run(
            ["npm", "pack", pinned, "--silent", "--pack-destination", folder],
            check=True,
            capture_output=True,
            text=True,
        )
        archive = Path(folder) / packed.stdout.split()[-1]
        found = sha256(archive.read_bytes())
        if found != package.archive_sha256:
            raise SystemExit(
                f"{pinned}: archive has sha256 {found}, pinned is {package.archive_sha256}; do not use it"
            )
        with tarfile.open(archive) as tar:
            kept = {name: tar.extractfile(f"package/{name}").read() for name in package.files}  # type: ignore[union-attr]
    for name, content in kept.items():
        target = ASSETS / "vendor" / package.name / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return {
        "name": package.name,
        "version": package.version,
        "licence": package.licence,
        "archive_sha256": package.archive_sha256,
        "files": {name: sha256(content) for name, content in kept.items()},
        "stands_for": dict(package.stands_for),
    }


def faults() -> list[str]:
    """Every way in which the files on disk are not what the manifest says."""
    manifest = json.loads(MANIFEST.read_text("utf-8"))
    found = []
    known = set()
    for package in manifest["packages"]:
        for name, expected in package["files"].items():
            path = ASSETS / "vendor" / package["name"] / name
            known.add(path)
            if not path.is_file():
                found.append(f"{path.relative_to(ASSETS)} is missing")
            elif sha256(path.read_bytes()) != expected:
                found.append(f"{path.relative_to(ASSETS)} is not the file that was fetched")
    strangers = {path for path in (ASSETS / "vendor").rglob("*") if path.is_file()} - known
    return found + [f"{path.relative_to(ASSETS)} is in no manifest" for path in sorted(strangers)]


def sha256(content: bytes) -> str:
    """The hash in hex."""
    return hashlib.sha256(content).hexdigest()


def main() -> int:
    """Fetch, or check what was fetched; 1 where something is not as it should be."""
    if "--check" not in sys.argv[1:]:
        entries = {"packages": [fetch(package) for package in PACKAGES], "left_out": LEFT_OUT}
        MANIFEST.write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n", "utf-8")
    wrong = faults()
    print("\n".join(wrong) or f"{MANIFEST.name}: {len(PACKAGES)} packages, every file as fetched")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
