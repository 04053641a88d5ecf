"""The page of faults has every fault of the tables, and names nothing else as one of them."""

from __future__ import annotations

import re

from farm.settings import ROOT
from tests.faults.guest_faults import BATCHES
from tests.faults.test_networks import FAULTS, INDEX_FAULTS

TEXT = (ROOT / "tests" / "faults" / "README.md").read_text(encoding="utf-8")
TABLES = [*(fault.name for batch in BATCHES.values() for fault in batch)]
TABLES += [fault.name for fault in (*FAULTS, *INDEX_FAULTS)]


def test_every_fault_of_the_tables_stands_on_the_page() -> None:
    named = {name.strip() for row in re.findall(r"^\| (.*?) \|", TEXT, re.MULTILINE) for name in row.split(" · ")}
    assert [] == [name for name in TABLES if name not in named]


def test_no_two_faults_have_one_name_and_there_are_as_many_as_were_wanted() -> None:
    assert len(TABLES) == len(set(TABLES))
    assert 60 <= len(TABLES)


def test_the_files_that_the_page_names_are_there() -> None:
    here = ROOT / "tests" / "faults"
    places = (here, here.parent)
    files = re.findall(r"`((?:\.\./)?\w+\.py)`", TEXT)
    assert [] == [name for name in files if not any((place / name).resolve().is_file() for place in places)]
