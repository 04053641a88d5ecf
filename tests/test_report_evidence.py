"""The evidence of a behaviour: every trace once, the probe's source, the line that runs it again, a mail's summary."""

from __future__ import annotations

from pathlib import Path

from farm import report, results
from farm.catalogue import load
from farm.diff import compare
from farm.report.evidence import ManPage, man_pages, rerun, source, traces
from farm.report.grid import Grid, grid
from farm.report.mail import LINES, mail
from farm.types import Ending, Record
from tests.made_up import SERIES, info, kernel, record

PROBE = "mmap.write_to_disk_directly.shared_validate"


def made(root: Path, probe: str = PROBE) -> Grid:
    site = report.Site(results.scan(root), load())
    return grid(site, probe, site.probes.index(probe))


def said(trace: str, answer: str = "ok") -> Record:
    return Record(PROBE, Ending.ANSWERED, {"mmap": answer}, trace=(trace,))


def test_each_trace_is_there_once_with_all_the_places_where_it_was_seen(tmp_path: Path) -> None:
    for number, version in enumerate(SERIES[:4]):
        for arch in ("x86_64", "arm64"):
            results.write(tmp_path, info(kernel(version, arch)), [said("mmap() = A" if number % 3 else "mmap() = B")])
    found = {trace.lines: trace.where for trace in traces(made(tmp_path))}
    assert found == {
        ("mmap() = B",): "5.10.262, 6.18.9 · everywhere",
        ("mmap() = A",): "6.1.192, 6.12.117 · everywhere",
    }


def test_a_long_trace_is_cut_and_says_by_how_much(tmp_path: Path) -> None:
    lines = tuple(f"call({n})" for n in range(450))
    results.write(tmp_path, info(), [Record(PROBE, Ending.ANSWERED, {"mmap": "ok"}, trace=lines)])
    (trace,) = traces(made(tmp_path))
    assert (len(trace.lines), trace.cut) == (400, 50)


def test_the_source_of_a_probe_is_its_own_block() -> None:
    lines = source(PROBE, "mmap_sync")
    assert lines[0] == "PROBE(mmap__write_to_disk_directly__shared_validate)"
    assert (lines[1], lines[-1]) == ("{", "}")
    assert source("mmap.no_such.probe", "mmap_sync") == []
    assert source(PROBE, "no_such_family") == []


def test_every_probe_of_the_catalogue_but_the_sweeps_has_its_source() -> None:
    probes = load().probes.values()
    assert [one.id for one in probes if not one.id.startswith("sweep.") and not source(one.id, one.family)] == []


def test_it_is_run_again_where_the_newest_kernel_answered_it(tmp_path: Path) -> None:
    unmet = record(PROBE, Ending.UNMET, "needs dax")
    results.write(tmp_path, info(kernel(SERIES[4])), [unmet])
    results.write(tmp_path, info(kernel(SERIES[1], "arm64", "16k"), "pmem-ext4"), [said("mmap() = A")])
    command = "./inv matrix --kernels 6.1.192-1@16k --arches arm64 --variants pmem-ext4 --fresh"
    assert rerun(made(tmp_path)) == command


def test_man_pages_are_linked_at_the_flag_with_the_command_that_shows_them() -> None:
    sources = ("mmap(2)", "Documentation/mm/x.rst", "proc_pid_smaps(5)", "mmap(2)")
    assert man_pages(sources, "MAP_GROWSDOWN, touch below the mapping") == [
        ManPage("mmap(2)", "man 2 mmap", "https://manpages.debian.org/mmap.2#MAP_GROWSDOWN"),
        ManPage("proc_pid_smaps(5)", "man 5 proc_pid_smaps", "https://manpages.debian.org/proc_pid_smaps.5"),
    ]


def test_a_condition_without_a_flag_leads_to_the_page_itself() -> None:
    assert [one.address for one in man_pages(["proc(5)"], "/proc/PID/clear_refs")] == [
        "https://manpages.debian.org/proc.5"
    ]


def test_a_mail_has_a_line_for_each_change_and_counts_what_it_leaves_out(tmp_path: Path) -> None:
    for version, answer in ((SERIES[0], "ok"), (SERIES[1], "EINVAL")):
        records = [record(f"mmap.made_up.probe_{n:02}", mmap=answer) for n in range(LINES + 6)]
        results.write(tmp_path, info(kernel(version)), [*records, record("sweep.made_up.kind", madv_1=answer)])
    stored = results.scan(tmp_path)
    diff = compare(stored, load(), kernel(SERIES[0]).name, kernel(SERIES[1]).name)
    lines = mail(diff, "5.10", "6.1")
    assert lines[0] == "Memory semantics, 5.10 -> 6.1"
    assert lines[4] == f"Unexplained: {LINES + 7}"
    assert lines[5] == "  mmap.made_up.probe_00: mmap ok -> EINVAL [x86_64: plain]"
    assert lines[-1] == "  ... and 7 more"
