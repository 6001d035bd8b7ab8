"""The pages written from the program are in step with it."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = runpy.run_path(str(ROOT / "tools" / "write_reference.py"))["PAGES"]


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_says_what_the_program_says(name):
    found = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert found == PAGES[name](), "run: python tools/write_reference.py"
