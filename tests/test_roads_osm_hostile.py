"""Extracts that are cut short, damaged or hostile: one line says so, and nothing else happens."""

import gzip
from pathlib import Path

import osm_text
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import BadInput
from dispatch.roads.osm import read_extract

GUSHI = Path(__file__).parents[2] / "shared" / "data" / "roads" / "gushi.osm.pbf"
STREET = {"highway": "residential", "name": "人民路"}
needs_gushi = pytest.mark.skipif(not GUSHI.exists(), reason=f"{GUSHI.name} is not beside the repository")

BOMB = """<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><osm version="0.6"><node id="1" lat="0" lon="0">
<tag k="name" v="&c;"/></node></osm>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY x SYSTEM "file:///etc/hostname">]>
<osm version="0.6"><node id="1" lat="0" lon="0"><tag k="name" v="&x;"/></node></osm>"""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.osm", BOMB.encode()),
        ("outside.osm", OUTSIDE.encode()),
        ("cut.osm", b'<?xml version="1.0"?><osm version="0.6"><node id="1" lat="0" lo'),
        ("empty.osm", b""),
        ("empty.osm.pbf", b""),
        ("text.osm.pbf", b"this is no extract, and long enough to look like a block header " * 20),
        ("zeros.osm.pbf", bytes(4096)),
        ("cut.osm.gz", gzip.compress(b'<osm version="0.6"></osm>')[:20]),
        ("nan.osm", b'<osm version="0.6"><node id="1" version="1" lat="nan" lon="0"/></osm>'),
        ("far.osm", b'<osm version="0.6"><node id="1" version="1" lat="1e99" lon="0"/></osm>'),
        ("words.osm", b'<osm version="0.6"><way id="x" version="1"/></osm>'),
        ("other.osm", b"<html><body>404</body></html>"),
        (
            "continent.osm",
            osm_text.osm({1: (0, 0), 2: (0, 900), 3: (4_000_000, 0)}, [(1, [1, 2, 3], STREET)]).encode(),
        ),
        ("apart.osm", osm_text.osm({1: (0, 0), 2: (0, 4_000_000)}, [(1, [1, 2], STREET)]).encode()),
        (
            "nowhere.osm",
            osm_text.osm({1: (0, 0), 2: (0, 900), 3: (0, 11_000_000)}, [(1, [1, 2, 3], STREET)]).encode(),
        ),
        (
            "turned.osm",
            b'<osm version="0.6"><way id="1" version="1"><nd ref="1"/><nd ref="2"/>'
            b'<tag k="highway" v="road"/></way><node id="1" version="1" lat="1" lon="1"/>'
            b'<node id="2" version="1" lat="1" lon="1.1"/></osm>',
        ),
        ("roadless.osm", b'<osm version="0.6"><node id="1" version="1" lat="1" lon="0"/></osm>'),
    ],
)
def test_a_damaged_or_hostile_extract_is_refused_in_one_line(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput) as refusal:
        read_extract(path)
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).startswith(name)


@needs_gushi
@pytest.mark.parametrize("share", [0.2, 0.5, 0.999])
def test_a_truncated_pbf_is_refused(tmp_path, share):
    raw = GUSHI.read_bytes()
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(BadInput, match=r"^cut.osm.pbf is damaged"):
        read_extract(path)


@needs_gushi
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_pbf_with_bytes_changed_never_crashes(tmp_path_factory, data):
    raw = bytearray(GUSHI.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("changed") / "changed.osm.pbf"
    path.write_bytes(raw)
    try:
        assert read_extract(path).network.edge_count
    except BadInput as refusal:
        assert "\n" not in str(refusal)  # noqa: PT017 - either answer is right, a crash is not
