"""What the committed results must show: changes that are known to be real, and no probe that nobody ever answered."""

from functools import cache

import pytest

from farm import catalogue, diff, results
from farm.settings import ROOT

Row = tuple[str, str, str | int, str | int]

# probe, word, old value, new value: each seen on booted x86_64 kernels before this farm existed, or said by a man page.
KNOWN: dict[tuple[str, str], list[Row]] = {
    ("5.10", "6.1"): [
        ("sweep.madvise.anon_private", "madv_populate_read", "EINVAL", "ok"),
        ("sweep.madvise.mlocked", "madv_dontneed_locked", "EINVAL", "ok tables --pp reads 00mn"),
        ("mremap.move_but_not_unmap.file_shared", "mremap", "EINVAL", "moved"),
        ("mremap.unmap_addr_before_create.source_unmapped", "target", "!!", "tu"),
        ("brk.shrink_brk.over_nothing_but_a_hole", "brk", "asked", "old"),
        ("mmap.lock_when_mmap.default_limit", "soft", 64, 8192),
        ("sweep.access.anon_private", "process_madvise_willneed", "EINVAL", "ok"),
        ("sweep.as_user.anon_private", "userfaultfd", "ok", "userfaultfd EPERM"),
        ("sweep.bits.set_mempolicy_modes", "mode_5", "EINVAL", "ok"),
        ("sweep.numbers.syscall", "syscall_448", "ENOSYS", "ok"),
    ],
    ("6.1", "6.12"): [
        ("sweep.bits.mmap_types", "type_8", "EINVAL", "ok"),
        ("mmap.choose_address.huge_length_aligned", "aligned", 0, 4),
        ("migrate.move_pages_query.untouched_page", "node", "EFAULT", "ENOENT"),
        ("prctl.set_mdwe.as_user", "maps", "ok", "EACCES"),
        ("sweep.numbers.syscall", "syscall_451", "ENOSYS", "ok"),
        ("sweep.numbers.syscall", "syscall_453", "ENOSYS", "ok"),
        ("sweep.numbers.syscall", "syscall_462", "ENOSYS", "ok"),
        ("proc_smaps.vm_flags.advised", "on_fault", "rd wr mr mw me lo ?? ac sd", "rd wr mr mw me lo lf ac sd"),
    ],
    ("6.12", "6.18"): [
        ("sweep.madvise.anon_private", "madv_guard_install", "EINVAL", "ok tables --pp reads !!mn"),
    ],
    ("6.18", "7.3"): [
        ("swapon.priority.default_of_three", "first", -2, -1),
        ("sweep.access.prot_none", "proc_mem_write", "ok", "EIO"),
    ],
}
CASES = [(pair, *row) for pair, rows in KNOWN.items() for row in rows]


@cache
def stored() -> results.Results:
    return results.scan(ROOT / "results")


def seen(series: str, variant: str, probe: str) -> dict[str, str | int]:
    kernel = diff.resolve(stored(), series, "x86_64").kernel
    cell = stored().cell(kernel, "x86_64", variant)
    assert cell is not None, f"{series} has no {variant}"
    return cell.records[probe].saw


@pytest.mark.parametrize(
    ("pair", "probe", "word", "old", "new"), CASES, ids=[f"{c[0][1]} {c[1]} {c[2]}" for c in CASES]
)
def test_a_change_that_is_known_shows(
    pair: tuple[str, str], probe: str, word: str, old: str | int, new: str | int
) -> None:
    assert (seen(pair[0], "plain", probe).get(word), seen(pair[1], "plain", probe).get(word)) == (old, new)


def test_collapse_makes_a_huge_page_although_thp_is_never() -> None:
    word = "process_madvise_collapse"
    assert [seen(series, "thp", "sweep.access.thp").get(word) for series in ("5.10", "6.1")] == ["EINVAL", "ok"]


def test_a_series_that_goes_back_and_forth_is_not_smoothed() -> None:
    probe, word = "mremap.move_but_not_unmap.locked_part", "rest_after"
    found = [seen(series, "plain", probe).get(word) for series in ("5.10", "6.1", "6.12", "6.18", "7.3")]
    assert found == ["no", "yes", "yes", "no", "yes"]


def test_every_probe_is_answered_in_some_committed_cell() -> None:
    answered = {
        probe
        for cell in stored().cells.values()
        for probe, record in cell.records.items()
        if record.end in {"answered", "died"}
    }
    assert sorted(set(catalogue.load().probes) - answered) == []


def test_nothing_committed_is_broken_or_lost() -> None:
    bad = [
        f"{cell.info.name} {probe}: {record.end}"
        for cell in stored().cells.values()
        for probe, record in cell.records.items()
        if not record.end.is_answer
    ]
    assert bad == []
