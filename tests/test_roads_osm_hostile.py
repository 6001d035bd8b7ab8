"""Extracts that are cut short, damaged or hostile: one line says so, and nothing else happens."""

import gzip
import subprocess
import sys
from pathlib import Path

import osm_text
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import cli
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
        ("cut.osm.gz", gzip.compress(b'<osm version="0.6"></osm>', mtime=0)[:20]),
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


FAR = osm_text.osm({1: (0, 0), 2: (0, 900), 3: (4_000_000, 0)}, [(1, [1, 2, 3], STREET)])
CODE = "__import__('pathlib').Path('ran').write_text('x')"
GRAPH = """<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><key id="x" for="node" attr.name="x"/>
<key id="y" for="node" attr.name="y"/><key id="h" for="edge" attr.name="highway"/><graph edgedefault="directed">
<node id="1"><data key="x">{x}</data><data key="y">0.0</data></node>
<node id="2"><data key="x">0.02</data><data key="y">0.0</data></node>
<node id="3"><data key="x">0.03</data><data key="y">0.0</data></node>
<edge source="1" target="2"><data key="h">primary</data></edge>
<edge source="2" target="3"><data key="h">{highway}</data></edge></graph></graphml>"""


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "bad.osm.pbf",
            b"no extract at all, but long enough to be a header" * 9,
            "damaged or no OpenStreetMap file",
        ),
        ("bomb.osm", BOMB.encode(), "entities are not supported"),
        ("code.graphml", GRAPH.format(x="0.01", highway=f"[{CODE}]").encode(), "a list of plain values"),
        ("nan.graphml", GRAPH.format(x="nan", highway="primary").encode(), "node 1 lies at nan, 0"),
        ("nan.osm", b'<osm version="0.6"><node id="1" version="1" lat="NaN" lon="0"/></osm>', "'NaN'"),
        ("far.osm", FAR.encode(), "node 3 lies at 36.1"),
        ("far.graphml", GRAPH.format(x="100.0", highway="primary").encode(), "node 1 lies at 100.0"),
    ],
)
def test_the_command_line_says_it_in_one_line_and_exits_with_1(
    tmp_path, monkeypatch, capsys, name, content, said
):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content)
    monkeypatch.setattr(sys, "argv", ["dispatch", "area", "import", name, "--out", "area"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    told = capsys.readouterr()
    assert stop.value.code == 1
    assert told.err.count("\n") == 1
    assert told.err.startswith(f"error: {name}")
    assert said in told.err
    assert not Path("area").exists()
    assert not Path("ran").exists()


def test_one_stray_node_a_little_outside_is_dropped_and_counted(tmp_path):
    nodes = {n: (0, 1000 * n) for n in range(30)} | {60: (900_000, 0)}
    path = osm_text.write(tmp_path, nodes, [(1, list(range(30)), STREET), (2, [1, 60], STREET)])
    assert read_extract(path).dropped == {"nodes_outside": 1}


def test_a_capital_that_came_along_with_its_province_is_no_place_of_the_area(tmp_path):
    nodes = {1: (0, 0), 2: (0, 900), 3: (2_000_000, 0, {"place": "city", "name": "省城市"})}
    extract = read_extract(osm_text.write(tmp_path, nodes, [(1, [1, 2], STREET)]))
    assert extract.gazetteer["level"].tolist() == ["street"]
    assert extract.dropped == {"places_outside": 1}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is asked of POSIX")
def test_a_large_extract_stays_within_its_seconds_and_memory(shared_data, tmp_path):
    code = (
        "import resource, sys, time; from pathlib import Path; from dispatch.area import import_area, open_area\n"
        "clock = [time.process_time()]; import_area(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "for _ in range(3): clock.append(time.process_time()); open_area(sys.argv[2])\n"
        "clock.append(time.process_time()); opened = min(b - a for a, b in zip(clock[1:], clock[2:]))\n"
        "print(clock[1] - clock[0], opened, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    large = shared_data / "roads" / "huaibei-plain.osm.pbf"
    done = subprocess.run(
        [sys.executable, "-c", code, str(large), str(tmp_path / "area")],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    import_seconds, open_seconds, peak_kilobytes = map(float, done.stdout.split())
    assert import_seconds <= 15
    assert open_seconds <= 0.5
    assert peak_kilobytes <= 1_500_000


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
