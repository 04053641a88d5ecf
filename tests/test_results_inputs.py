"""An answer counts while its inputs are the same; else it is said which one differs."""

from dataclasses import replace

import pytest

from farm import results
from farm.results import Wanted
from tests.made_up import info, kernel

WANTED = Wanted(kernel().digest, "a" * 64, info().variant_digest, "7.2.22", info().families)


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        (info(), None),
        (info(selection="all"), None),
        (None, "not run yet"),
        (info(ending="unanswered", stage="boot", why="panic"), "unanswered, boot: panic"),
        (info(digest="0"), "kernel digest changed"),
        (info(guest_root="0", qemu="10.0.2"), "guest root, QEMU version (10.0.2 → 7.2.22) changed"),
        (info(variant_digest="0"), "variant changed"),
        (info(families={**info().families, "mmap": "0", "gone": "1"}), "probes changed: gone, mmap"),
    ],
)
def test_what_is_not_an_answer_any_more_says_which_input_changed(
    stored: results.CellInfo | None, says: str | None
) -> None:
    assert results.why_not_answered(stored, WANTED) == says


def test_only_changed_families_run_again_unless_the_cell_itself_changed() -> None:
    changed = info(families={**info().families, "mmap": "0"})
    assert results.changed_families(info(), WANTED) == frozenset()
    assert results.changed_families(changed, WANTED) == frozenset({"mmap"})
    assert results.changed_families(replace(changed, digest="0"), WANTED) is None
    assert results.changed_families(info(), replace(WANTED, selection="all")) is None


def test_each_input_is_in_the_key() -> None:
    others = [
        replace(WANTED, kernel_digest="0"),
        replace(WANTED, guest_root="0"),
        replace(WANTED, variant_digest="0"),
        replace(WANTED, qemu="0"),
    ]
    keys = {results.input_key(wanted) for wanted in [WANTED, *others, replace(WANTED, families={})]}
    assert len(keys) == 6


def test_versions_sort_as_dpkg_sorts_them() -> None:
    versions = ["5.10.262-1", "6.1.9-1", "6.1.192-1~bpo1", "6.1.192-1", "6.12.117-1", "7.3~rc7-1", "7.3-1", "7.3.4-1"]
    assert sorted(set(versions), key=results.version_key) == versions
