"""Online helpers: asked by name alone, with stored answers here; and no run opens a socket unasked."""

from __future__ import annotations

import contextlib
import json
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from doors import ROOT, run_dispatch
from hypothesis import given
from hypothesis import strategies as st
from names import entry

from dispatch import datum
from dispatch.errors import BadInput
from dispatch.places.answers import read_addresses
from dispatch.places.gazetteer import Gazetteer
from dispatch.places.online import ask, helper
from dispatch.places.online.providers import OnlineFailed
from dispatch.places.online.web import fetch as ask_web

STORED = json.loads((Path(__file__).parent / "stored" / "online.json").read_text(encoding="utf-8"))
AREA = Gazetteer(
    pd.DataFrame(
        [
            entry("440981", "高州市", "county", 110.85, 21.92),
            entry("T1", "长坡镇", "township", 111.05, 21.98, "440981"),
            entry("T2", "沙田镇", "township", 110.80, 21.80, "440981"),
            entry("V1", "旺沙村委会", "village", 111.06, 21.99, "T1", radius_metres=800.0),
            entry("V2", "旺沙村委会", "village", 110.81, 21.81, "T2", radius_metres=800.0),
        ]
    )
)
KEYS = {"DISPATCH_AMAP_KEY": "sEcrEt", "DISPATCH_TIANDITU_KEY": "sEcrEt"}
NOW = datetime(2026, 5, 1, 6, 0, tzinfo=UTC)


class Web:
    """Stands for the network: gives a stored answer and remembers what was asked."""

    def __init__(self, answer: object) -> None:
        self.answer, self.urls, self.pauses = answer, [], []

    def __call__(self, url, headers, seconds):
        self.urls.append(url)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()


def asked(addresses, name, answer, folder=None, now=NOW, overlay=None):
    web = answer if isinstance(answer, Web) else Web(answer)
    chosen = helper(
        name, overlay, folder=folder, environment=KEYS, fetch=web, now=lambda: now, pause=web.pauses.append
    )
    return list(ask(read_addresses(addresses, AREA), chosen, AREA)), web


def wgs84(lon, lat, source):
    return tuple(float(one) for one in datum.convert(lon, lat, source, "WGS84"))


@pytest.mark.parametrize(
    ("name", "level", "source"),
    [("amap", "door", "GCJ02"), ("tianditu", "door", "CGCS2000"), ("nominatim", "village", "WGS84")],
)
def test_an_answer_is_converted_from_the_providers_datum_and_sharpens_what_the_names_say(name, level, source):
    (reading,), web = asked(["高州市长坡镇旺沙村12号"], name, STORED[name])
    best = reading.candidates[0]
    assert best.level == level
    if level == "door":  # a village in answer is no finer than our own
        assert (best.lon, best.lat) == pytest.approx(wgs84(111.061, 21.991, source), abs=1e-9)
        assert best.radius_metres == 30.0
    assert best.path["township"] == "长坡镇"
    assert best.probability >= 0.93
    assert sum(one.probability for one in reading.candidates) <= 1.0 + 1e-6
    assert len(web.urls) == 1


def test_the_question_holds_the_address_and_the_key_as_the_service_documents_them():
    _, web = asked(["高州市长坡镇旺沙村12号"], "amap", STORED["amap"])
    query = parse_qs(urlsplit(web.urls[0]).query)
    assert (query["address"], query["key"]) == (["高州市长坡镇旺沙村12号"], ["sEcrEt"])
    _, web = asked(["旺沙"], "tianditu", STORED["tianditu"])
    query = parse_qs(urlsplit(web.urls[0]).query)
    assert (json.loads(query["ds"][0]), query["tk"]) == ({"keyWord": "旺沙"}, ["sEcrEt"])


def test_two_namesakes_are_told_apart_by_the_answer():
    (alone,) = read_addresses(["旺沙"], AREA)
    assert len(alone.candidates) == 2
    (reading,), _ = asked(["旺沙"], "amap", STORED["amap"])
    assert reading.candidates[0].path["township"] == "长坡镇"
    assert reading.candidates[0].probability >= 0.9
    assert reading.candidates[1].probability <= 0.1


def test_an_address_the_names_do_not_know_is_the_providers_word_alone_and_says_so():
    (reading,), _ = asked(["幸福里某某小区"], "amap", STORED["amap"])
    assert reading.note.code == "ONLINE_ALONE"
    assert reading.candidates[0].probability == 0.5


@pytest.mark.parametrize("address", ["", "  ", "广州市天河区体育西路", "？"])
def test_what_is_empty_or_outside_is_not_sent(address):
    assert asked([address], "amap", STORED["amap"])[1].urls == []


def test_what_the_names_settle_is_not_sent():
    overlay = {"online": {"enough_metres": 1000.0}}
    assert asked(["高州市长坡镇旺沙村"], "amap", STORED["amap"], overlay=overlay)[1].urls == []


def test_a_place_outside_the_area_is_not_taken():
    (reading,), _ = asked(["幸福里某某小区"], "amap", STORED["amap_elsewhere"])
    assert reading.candidates == ()
    (sure,), _ = asked(["高州市长坡镇旺沙村12号"], "amap", STORED["amap_elsewhere"])
    assert sure.note.code == "ONLINE_ELSEWHERE"
    assert [one.path["village"] for one in sure.candidates] == ["旺沙村委会"]


def test_an_address_nobody_knows_keeps_what_the_names_say():
    (reading,), _ = asked(["高州市长坡镇旺沙村12号"], "amap", STORED["amap_unknown"])
    assert (reading.note.code, len(reading.candidates)) == ("ONLINE_UNKNOWN", 1)


def test_a_key_that_is_refused_is_one_clear_line_without_the_key():
    with pytest.raises(BadInput, match="INVALID_USER_KEY.*DISPATCH_AMAP_KEY") as told:
        asked(["旺沙"], "amap", STORED["amap_refused"])
    assert "sEcrEt" not in str(told.value)


def test_a_missing_key_is_named_and_so_is_an_unknown_helper():
    with pytest.raises(BadInput, match="DISPATCH_TIANDITU_KEY"):
        helper("tianditu", folder=None, environment={})
    with pytest.raises(BadInput, match="amap, tianditu, nominatim"):
        helper("moon", folder=None, environment={})


@pytest.mark.parametrize("name", ["amap", "tianditu", "nominatim"])
@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"[1, 2]", b"null", b"[" * 100_000, b'{"status":"1","geocodes":[{"location":[1]}]}',
     b'{"status":"0","location":{"lon":"NaN","lat":{}}}', b'[{"lat":"x","lon":"1"}]', b"\xff\xfe"],
)  # fmt: skip
def test_whatever_a_server_answers_the_reading_stands(name, answer):
    with contextlib.suppress(BadInput):  # a status that is no success is the service's refusal
        (reading,), _ = asked(["旺沙"], name, answer)
        assert len(reading.candidates) == 2


def test_a_server_that_is_silent_is_given_up_after_three_questions():
    web = Web(OnlineFailed("restapi.amap.com did not answer in 8 s (TimeoutError)"))
    readings, _ = asked([f"旺沙{n}号" for n in range(6)], "amap", web)
    assert len(web.urls) == 3
    assert [one.note.code for one in readings] == ["ONLINE_FAILED"] * 3 + ["ONLINE_NOT_ASKED"] * 3
    assert all(len(one.candidates) == 2 for one in readings)


def test_questions_keep_the_providers_pace_and_the_runs_limit():
    overlay = {"online": {"most_questions": 3}}
    readings, web = asked([f"旺沙{n}号" for n in range(5)], "nominatim", STORED["nominatim"], overlay=overlay)
    assert len(web.urls) == 3
    # one a second: the second and the third question wait for nearly one each, and the waits add up
    assert len(web.pauses) == 2
    assert web.pauses[0] == pytest.approx(1.0, abs=0.5)
    assert [one.note.code for one in readings[3:]] == ["ONLINE_NOT_ASKED"] * 2


def test_an_address_is_asked_once_and_again_when_the_answer_is_old(tmp_path):
    folder = tmp_path / "cache"
    first, web = asked(["旺沙"], "amap", STORED["amap"], folder)
    path = folder / "online-amap.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "sEcrEt" not in path.read_text()
    again, _ = asked(["旺沙"], "amap", web, folder)
    assert (again, len(web.urls)) == (first, 1)
    asked(["旺沙"], "amap", web, folder, now=NOW + timedelta(days=31))
    assert len(web.urls) == 2


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema":1,"answers":[1]}', '{"schema":1,"answers":{"旺沙":{"places":3}}}']
)
def test_a_damaged_cache_is_an_empty_one(tmp_path, text):
    (tmp_path / "online-amap.json").write_text(text, encoding="utf-8")
    (reading,), web = asked(["旺沙"], "amap", STORED["amap"], tmp_path)
    assert (len(web.urls), reading.candidates[0].level) == (1, "door")


@given(
    lon=st.floats(110.7, 111.2),
    lat=st.floats(21.7, 22.1),
    level=st.sampled_from(["门牌号", "村庄", "乡镇", "月球"]),
)
def test_wherever_the_answer_lies_probabilities_sum_to_at_most_one_and_nothing_is_outside(lon, lat, level):
    answer = {"status": "1", "geocodes": [{"location": f"{lon},{lat}", "level": level}]}
    for address in ("旺沙", "高州市长坡镇旺沙村12号", "某某小区"):
        (reading,), _ = asked([address], "amap", answer)
        assert sum(one.probability for one in reading.candidates) <= 1.0 + 1e-5
        assert all(AREA.inside(one.lon, one.lat)[0] for one in reading.candidates)


WATCHED = """
import sys
def watch(event, arguments):
    # a library tries at import whether ::1 can be bound, port 0: that reaches nobody
    harmless = event == "socket.bind" and arguments[1] == ("::1", 0)
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname") and not harmless:
        sys.stderr.write(f"SOCKET {event} {arguments!r}\\n")
        raise RuntimeError("a socket was used")
sys.addaudithook(watch)
sys.argv = ["dispatch", *sys.argv[1:]]
from dispatch.cli import main
main()
"""


def watched(*arguments):
    """`dispatch …` in a process that reports and refuses every use of a socket."""
    return subprocess.run(
        [sys.executable, "-c", WATCHED, *map(str, arguments)],
        capture_output=True, text=True, timeout=240, check=False, env={"PATH": "", "HOME": "/nonexistent"},
    )  # fmt: skip


def test_no_default_run_opens_a_socket(tmp_path):
    day = tmp_path / "alerts.csv"
    pd.read_csv(ROOT / "data" / "maoming" / "alerts.csv", dtype=str).tail(200).to_csv(day, index=False)
    (tmp_path / "list.csv").write_text("代码,名称\n440981116,长坡镇\n", encoding="utf-8")
    runs = [
        [
            "plan",
            day,
            "--area",
            "maoming",
            "--at",
            "2026-05-01T14:00",
            "--out",
            tmp_path / "plan",
            "--policy",
            "nearest",
            "--bound-seconds",
            "0",
        ],
        ["geocode", "高州市长坡镇旺沙村", "--area", "maoming"],
        ["area", "add", "maoming", "--list", tmp_path / "list.csv", "--out", tmp_path / "area"],
    ]
    for run in runs:
        done = watched(*run)
        assert "SOCKET" not in done.stderr, done.stderr
        assert done.returncode == 0, done.stderr


def test_a_run_that_is_told_to_ask_says_that_addresses_leave_and_then_would(tmp_path):
    # the control of the test above: here a socket is wanted, and the watch sees it
    (tmp_path / "own.toml").write_text('[online.helpers.nominatim]\nurl = "http://127.0.0.1:9/search"\n')
    done = watched(
        "geocode",
        "高州市长坡镇旺沙村",
        "--area",
        "maoming",
        "--online",
        "nominatim",
        "--settings",
        tmp_path / "own.toml",
    )
    assert "addresses leave this machine" in done.stderr
    assert "SOCKET socket." in done.stderr
    assert "'127.0.0.1', 9" in done.stderr


def test_a_server_that_is_not_there_is_said_without_the_question():
    with pytest.raises(OnlineFailed, match="127.0.0.1 cannot be reached") as told:
        ask_web("http://127.0.0.1:9/geo?key=sEcrEt", {}, 2.0)
    assert "sEcrEt" not in str(told.value)


def test_a_missing_key_is_one_line_of_the_command_line(monkeypatch):
    monkeypatch.delenv("DISPATCH_AMAP_KEY", raising=False)
    done = run_dispatch("geocode", "旺沙", "--area", "maoming", "--online", "amap")
    assert (done.returncode, "DISPATCH_AMAP_KEY" in done.stderr, "Traceback" in done.stderr) == (
        1,
        True,
        False,
    )
