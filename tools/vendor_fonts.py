"""Fetch the font the printed sheets embed, and write down what was fetched.

Usage: python tools/vendor_fonts.py            (fetches; needs npm and its registry)
       python tools/vendor_fonts.py --check    (no network: files against the manifest)

Noto Sans SC under the SIL Open Font License, which lets it be passed on, also changed (its reserved
name is "Source"). The regular weight is kept with every character it has: a rare hanzi of a name must print.
The bold one is cut to GB 2312 with punctuation; a heavier sign missing there is set in the regular weight.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from itertools import pairwise
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FONTS = Path(__file__).resolve().parent.parent / "data" / "fonts"
MANIFEST = FONTS / "manifest.json"

PACKAGE = "@expo-google-fonts/noto-sans-sc@0.4.3"
ARCHIVE_SHA256 = "0d69d0f4971d2ff574e3d93cbc218dc950bf3f3f8f8e2c008d97687ed53aee59"
REGULAR = "package/400Regular/NotoSansSC_400Regular.ttf"
BOLD = "package/700Bold/NotoSansSC_700Bold.ttf"
LICENCE = "package/LICENSE_FONT"
HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7FF))


def fetched() -> dict[str, bytes]:
    """The files of the pinned archive that are needed, by their name in it."""
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            ["npm", "pack", PACKAGE, "--silent", "--pack-destination", folder],
            check=True,
            capture_output=True,
            text=True,
        )
        archive = Path(folder) / packed.stdout.split()[-1]
        found = sha256(archive.read_bytes())
        if found != ARCHIVE_SHA256:
            raise SystemExit(
                f"{PACKAGE}: archive has sha256 {found}, pinned is {ARCHIVE_SHA256}; do not use it"
            )
        with tarfile.open(archive) as tar:
            return {name: tar.extractfile(name).read() for name in (REGULAR, BOLD, LICENCE)}  # type: ignore[union-attr]


def cut(font: bytes, *, gb2312: bool) -> bytes:
    """The font for horizontal print at any size: no hinting, no vertical forms, no Hangul; or GB 2312 alone."""
    opened = TTFont(io.BytesIO(font), recalcTimestamp=False)
    options = subset.Options()
    options.hinting = False
    options.layout_features = ["ccmp", "mark", "mkmk"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.name_languages = ["*"]
    options.notdef_outline = True
    options.drop_tables += ["BASE", "STAT", "vhea", "vmtx", "gasp"]
    kept = [code for code in opened.getBestCmap() if not any(low <= code <= high for low, high in HANGUL)]
    if gb2312:
        kept = [code for code in kept if chr(code).encode("gb2312", "ignore")]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=kept)
    cutter.subset(opened)
    out = io.BytesIO()
    opened.save(out)
    return out.getvalue()


def ranges(codes: list[int]) -> list[list[int]]:
    """Sorted code points as first and last of each unbroken run."""
    breaks = [0, *(at for at, (one, other) in enumerate(pairwise(codes), 1) if other != one + 1), len(codes)]
    return [[codes[start], codes[end - 1]] for start, end in pairwise(breaks)]


def write() -> None:
    """Fetch, cut and keep the fonts, with a manifest of what they are."""
    archive = fetched()
    files = {
        "NotoSansSC-Regular.ttf": cut(archive[REGULAR], gb2312=False),
        "NotoSansSC-Bold.ttf": cut(archive[BOLD], gb2312=True),
        "OFL.txt": archive[LICENCE],
    }
    FONTS.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (FONTS / name).write_bytes(content)
    covered = sorted(TTFont(io.BytesIO(files["NotoSansSC-Regular.ttf"])).getBestCmap())
    entry = {
        "package": PACKAGE,
        "licence": "OFL-1.1",
        "archive_sha256": ARCHIVE_SHA256,
        "fetched": {name: sha256(content) for name, content in archive.items()},
        "files": {name: sha256(content) for name, content in files.items()},
        "characters": len(covered),
        "covers": ranges(covered),
    }
    MANIFEST.write_text(json.dumps(entry) + "\n", "utf-8")


def faults() -> list[str]:
    """Every way in which the files on disk are not what the manifest says."""
    expected = json.loads(MANIFEST.read_text("utf-8"))["files"]
    found = [f"{name} is missing" for name in expected if not (FONTS / name).is_file()]
    for path in sorted(FONTS.iterdir()):
        if path.name != MANIFEST.name and path.name not in expected:
            found.append(f"{path.name} is in no manifest")
        elif path.name in expected and sha256(path.read_bytes()) != expected[path.name]:
            found.append(f"{path.name} is not the file that was written")
    return found


def sha256(content: bytes) -> str:
    """The hash in hex."""
    return hashlib.sha256(content).hexdigest()


def main() -> int:
    """Fetch, or check what was fetched; 1 where something is not as it should be."""
    if "--check" not in sys.argv[1:]:
        write()
    wrong = faults()
    print("\n".join(wrong) or f"{MANIFEST.name}: every file as written")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
