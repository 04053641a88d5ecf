"""What an upgrade changes for a program: what touches it, how often, and that nothing is swallowed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from farm import catalogue, diff, profile, results, upgrade
from farm.catalogue import Catalogue
from farm.diff import Diff
from farm.profile import Profile, Use, words
from farm.settings import ROOT
from farm.types import Change, Ending, Missing
from farm.upgrade import Answer, table, touch

OLD, NEW = "debian-6.12.117-1-cloud", "debian-7.3.4-1-cloud"
RECORDED = Path(__file__).parent / "data" / "strace" / "plain.log"


@cache
def claims() -> Catalogue:
    return catalogue.load()


def program(*uses: tuple[str, str | None, int], files: Mapping[str, int] | None = None) -> Profile:
    """Return a profile; flags stand with | between them, None for those that nobody told."""
    made = tuple(
        Use(call, None if flags is None else frozenset(filter(None, flags.split("|"))), n) for call, flags, n in uses
    )
    return Profile("made_up", "strace", 100, 90, 0, made, files=files or {})


def change(probe: str, word: str = "errno", label: str = "unexplained", where: str = "plain") -> Change:
    ends = Ending.ANSWERED, Ending.ANSWERED
    return Change("x86_64", where, probe.rpartition(".")[0], probe, word, "ok", "EINVAL", *ends, label)


def answer(found: Profile | None, *changes: Change, missing: tuple[Missing, ...] = ()) -> Answer:
    made = Diff(OLD, NEW, changes, missing, 100, (("x86_64", "plain"),))
    return upgrade.answer(made, upgrade.Toucher(claims(), found) if found else None)


def touched(found: Answer) -> list[tuple[str, str]]:
    return [(one.group.change.probe, upgrade.touch_text(one.touch)) for one in found.touched]


def test_a_call_with_a_flag_touches_what_is_about_the_flag_and_what_is_about_the_call() -> None:
    found = answer(
        program(("mmap", "MAP_POPULATE|MAP_PRIVATE", 7)),
        change("mmap.populate_when_mmap.some"),
        change("mmap.create_vma.some"),
        change("mmap.lock_when_mmap.some"),
        change("munmap.remove_mapping.some"),
    )
    assert [("mmap.create_vma.some", "7× mmap"), ("mmap.populate_when_mmap.some", "7× mmap MAP_POPULATE")] == touched(
        found
    )
    assert {"call": 2} == found.left_out


def test_unexplained_changes_come_first_then_what_the_program_does_most() -> None:
    found = answer(
        program(("madvise", "MADV_FREE", 2), ("madvise", "MADV_COLD", 9), ("brk", "", 5)),
        change("madvise.mark_mapping_cold.some", label="explained"),
        change("madvise.mark_mapping_freeable.some"),
        change("brk.expand_brk.some"),
    )
    expected = ["brk.expand_brk.some", "madvise.mark_mapping_freeable.some", "madvise.mark_mapping_cold.some"]
    assert expected == [probe for probe, _ in touched(found)]


def test_a_combination_of_flags_needs_all_of_them() -> None:
    changes = change("mlockall.lock_existing_and_lock_nonexisting_on_fault.some")
    assert [] == touched(answer(program(("mlockall", "MCL_CURRENT", 1), ("mlockall", "MCL_ONFAULT", 1)), changes))
    assert 1 == len(touched(answer(program(("mlockall", "MCL_CURRENT|MCL_ONFAULT", 1)), changes)))


def test_a_sweep_touches_who_does_that_to_such_a_mapping() -> None:
    word = change("sweep.madvise.shm", "madv_pageout")
    page_out = ("madvise", "MADV_PAGEOUT", 3)
    assert [("sweep.madvise.shm", "3× madvise MADV_PAGEOUT")] == touched(
        answer(program(page_out, ("shmat", "", 1)), word)
    )
    assert {"mapping": 1} == answer(program(page_out), word).left_out
    assert {"call": 1} == answer(program(("shmat", "", 1)), word).left_out


def test_a_probe_on_memory_of_a_special_kind_touches_who_makes_such_memory() -> None:
    sealed = change("munmap.remove_mapping.sealed")
    assert {"mapping": 1} == answer(program(("munmap", "", 3)), sealed).left_out
    assert [("munmap.remove_mapping.sealed", "3× munmap")] == touched(
        answer(program(("munmap", "", 3), ("mseal", "", 1)), sealed)
    )


def test_bits_and_numbers_without_a_name_touch_nobody() -> None:
    found = answer(program(("madvise", "MADV_COLD", 1)), change("sweep.numbers.madvise", "madv_77"))
    assert {"number": 1} == found.left_out


def test_a_file_touches_who_opens_it() -> None:
    opened = program(files={"/proc/PID/smaps": 4})
    assert [("proc_smaps.keys.some", "4× /proc/PID/smaps")] == touched(answer(opened, change("proc_smaps.keys.some")))
    assert [] == touched(answer(program(files={"/proc/PID/maps": 1}), change("proc_smaps.keys.some")))


def test_a_knob_touches_who_opens_that_knob() -> None:
    changes = change("sweep.knobs.vm", "page_cluster"), change("sweep.knobs.vm", "memfd_noexec")
    found = answer(program(files={"/proc/sys/vm/page-cluster": 2}), *changes)
    assert [("page_cluster", {"call": 1})] == [(one.group.change.word, found.left_out) for one in found.touched]


def test_page_faults_touch_every_program_without_a_call() -> None:
    found = answer(program(("brk", "", 1)), change("pagefault.zero_page.some"), change("swap.page_out.some"))
    assert (2, [], {}) == (len(found.every), touched(found), found.left_out)


def test_copy_on_write_touches_who_forks() -> None:
    cow = change("pagefault.copy_on_write.some")
    assert [("pagefault.copy_on_write.some", "2× fork")] == touched(answer(program(("fork", "", 2)), cow))
    assert {"call": 1} == answer(program(("brk", "", 2)), cow).left_out


def test_flags_that_nobody_told_touch_perhaps() -> None:
    found = answer(program(("madvise", None, 30)), change("madvise.collapse.some"), change("madvise.arguments.some"))
    expected = {
        "madvise.arguments.some": "30× madvise",
        "madvise.collapse.some": "30× madvise, perhaps with this flag",
    }
    assert expected == dict(touched(found))


def test_what_no_probe_looks_at_is_said() -> None:
    found = answer(
        program(("fadvise64", "POSIX_FADV_DONTNEED", 40), ("mmap", "MAP_32BIT|0x4000000", 2), ("prctl", None, 3)),
    )
    said = {one.what: (one.times, one.why) for one in found.not_covered}
    assert (40, "no behaviour is about this call") == said["fadvise64 POSIX_FADV_DONTNEED"]
    assert (2, "strace has no name for it") == said["mmap 0x4000000"]
    assert (3, "the log does not tell whether these were about memory") == said["prctl"]


def test_missing_cells_and_probes_that_could_touch_it_are_said() -> None:
    missing = (
        Missing("x86_64", "thp", diff.WHOLE_CELL, "was not run here"),
        Missing("x86_64", "plain", "madvise.mark_mapping_cold.touched", "lost"),
        Missing("x86_64", "plain", "mseal.seal_mapping.twice", "lost"),
    )
    found = answer(program(("madvise", "MADV_COLD", 1)), missing=missing)
    assert [diff.WHOLE_CELL, "madvise.mark_mapping_cold.touched"] == [one.probe for one in found.missing]
    assert 2 == found.exit_status


def test_exit_status_says_nothing_something_or_not_comparable() -> None:
    cold = program(("madvise", "MADV_COLD", 1))
    assert 0 == answer(cold, change("mseal.seal_mapping.twice")).exit_status
    assert 1 == answer(cold, change("madvise.mark_mapping_cold.some")).exit_status
    assert 2 == upgrade.answer(Diff(OLD, NEW, (), (), 0, ()), upgrade.Toucher(claims(), cold)).exit_status


def test_without_a_profile_every_change_counts() -> None:
    found = answer(None, change("mseal.seal_mapping.twice"), change("brk.expand_brk.some"))
    assert (2, 1) == (len(found.touched), found.exit_status)


def test_no_change_is_swallowed() -> None:
    stored = results.scan(ROOT / "results")
    old, new = (diff.resolve(stored, series, "x86_64").kernel for series in ("6.1", "7.3"))
    made = diff.compare(stored, claims(), old, new, diff.Only(("x86_64",)))
    toucher = upgrade.Toucher(claims(), profile.record("sh", [RECORDED]))
    hows = [toucher.of_change(one) for one in made.changes]
    reasons = {how for how in hows if isinstance(how, str)}
    assert reasons <= set(upgrade.LEFT_OUT)
    found = upgrade.answer(made, toucher)
    kept = [how for how in hows if not isinstance(how, str)]
    shown = sum(len(one.group.words) for one in found.touched) + sum(len(group.words) for group in found.every)
    assert 0 < shown <= len(kept) < len(hows)


WORDS = {
    "madv_cold": ["madvise MADV_COLD"],
    "process_madvise_guard_install": ["process_madvise MADV_GUARD_INSTALL"],
    "mremap_fixed_grow": ["mremap MREMAP_FIXED"],
    "mprotect_read_write": ["mprotect PROT_READ|PROT_WRITE"],
    "mmap_fixed_noreplace": ["mmap MAP_FIXED_NOREPLACE"],
    "mlockall_current_onfault": ["mlockall MCL_CURRENT|MCL_ONFAULT"],
    "mbind_move_all": ["mbind MPOL_MF_MOVE_ALL"],
    "munmap_first": ["munmap"],
    "pr_set_mdwe": ["prctl PR_SET_MDWE"],
    "uffdio_register_wp": ["ioctl UFFDIO_REGISTER"],
    "smaps_rollup": ["/proc/PID/smaps_rollup"],
    "kpagecount": ["/proc/kpagecount"],
    "madv_77": [],
}


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_a_sweep_is_a_call_with_its_flags(word: str) -> None:
    assert WORDS[word] == [str(need) for need in touch.of_word(word)]


@pytest.mark.parametrize("row", sorted(claims().behaviours))
def test_the_table_knows_what_touches_a_behaviour(row: str) -> None:
    known = {*words.CALLS, "*"}
    for name in claims().behaviours[row].probes:
        needs = touch.of_probe(row, claims().behaviours[row].condition, name.rpartition(".")[2])
        assert needs or row.startswith("sweep.") or "vvar" in name
        assert [] == [str(need) for need in needs if need.call not in known and not need.call.startswith("/")]
        prefixes = {need.call: words.CALLS.get(need.call, ()) for need in needs}
        odd = [flag for need in needs for flag in need.having if not flag.startswith(prefixes[need.call])]
        assert [] == odd, "a log would never count this flag under this call"


def test_what_nobody_said_anything_about_touches_every_program() -> None:
    assert touch.EVERYBODY == touch.of_behaviour("quantum.entangle", "")
    assert touch.EVERYBODY == touch.of_kind("entangled")
    assert touch.EVERYBODY == touch.of_word("entangle_twice")


def test_every_row_of_the_table_is_about_something() -> None:
    behaviours, probes = set(claims().behaviours), set(claims().probes)
    kinds = {name.rpartition(".")[2] for name in probes if name.startswith("sweep.")}
    idle = [row for row in table.BEHAVIOURS if not _fits(row, behaviours)]
    idle += [row for row in table.PROBES if not _fits(row, probes)]
    idle += [row for row in table.ALSO if not _fits(row, probes)]
    idle += [row for row in table.KINDS if not _fits(row, kinds)]
    idle += [row for row in table.OPERATIONS if not _fits(row, {one.rpartition(".")[2] for one in probes})]
    assert [] == idle


def _fits(row: str, names: set[str]) -> bool:
    return any(touch.listed({row: "*"}, name) is not None for name in names)


def sweep_words() -> set[str]:
    stored = results.scan(ROOT / "results")
    cell = stored.cell(diff.resolve(stored, "7.3", "x86_64").kernel, "x86_64", "plain")
    assert cell is not None
    tables = ("sweep.bits", "sweep.numbers", "sweep.keys", "sweep.knobs")
    rows = [
        record for name, record in cell.records.items() if name.startswith("sweep.") and not name.startswith(tables)
    ]
    return {word for row in rows for word in row.saw}


def test_every_word_of_a_sweep_is_a_call_that_a_log_can_show() -> None:
    everybody = {word for word in sweep_words() if touch.of_word(word) == touch.EVERYBODY}
    assert {"kind", "read_into_it", "write_from_it"} <= everybody
    calls = tuple(f"{call}_" for call in words.CALLS)
    assert [] == sorted(word for word in everybody if f"{word}_".startswith(calls))
