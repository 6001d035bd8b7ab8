"""Compiled code is kept on disk, but never longer than any file that is built into it."""

from dispatch.compiled import stamp_of
from dispatch.coverage.siting.interchange import interchange
from dispatch.coverage.siting.tolls import priced_sites
from dispatch.search.anneal import anneal


def stamped(function):
    return function._cache._cache_file._source_stamp[1]


def test_a_change_of_any_compiled_file_of_the_folder_is_another_stamp(tmp_path):
    (tmp_path / "a.py").write_text("@compiled\ndef one(): ...")
    (tmp_path / "b.py").write_text("@compiled\ndef other(): ...")
    (tmp_path / "words.py").write_text("nothing of it is built in")
    before = stamp_of(tmp_path)
    stamp_of.cache_clear()
    (tmp_path / "words.py").write_text("still nothing")
    assert stamp_of(tmp_path) == before
    stamp_of.cache_clear()
    (tmp_path / "b.py").write_text("@compiled\ndef other(): return 1")
    assert stamp_of(tmp_path) != before


def test_functions_of_one_room_share_its_stamp():
    assert stamped(interchange) == stamped(priced_sites)
    assert stamped(anneal) != stamped(interchange)
