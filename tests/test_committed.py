"""What the committed results must show: changes that are known to be real, and no probe that nobody ever answered."""

from collections import Counter
from functools import cache
from itertools import pairwise

import pytest

from farm import catalogue, diff, results
from farm.diff.compare import Only, compare, together
from farm.diff.labels import Labeller
from farm.settings import ROOT

SERIES = ("5.10", "6.1", "6.12", "6.16", "6.17", "6.18", "6.19", "7.0", "7.1", "7.2", "7.3")
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
        ("migrate.move_pages_query.no_access", "node", 0, "ENOENT"),
        ("mremap.expand_mapping.up_to_neighbour", "pages", 4, 5),
        ("mremap.shrink_mapping.unmapped", "mremap", "same", "EFAULT"),
        ("madvise.enable_huge_pages.kinds_of_mapping", "vvar", "ok", "EINVAL"),
        ("pagefault.stack_growth_by_kernel.process_vm_writev", "written", "ok", "EFAULT"),
        ("set_mempolicy.modes.local", "policy", "0x1:0", "0x4:0"),
        ("swapon.kinds.unlinked_file", "swapon", "ok", "ENOENT"),
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
        ("kpageflags.kinds.plain", "anonymous", "mmap anon swapbacked", "mmap anon swapbacked ksm"),
        ("migrate.move_pages_query.no_access", "node", "ENOENT", 0),
        ("overcommit.accounting.read_only", "read_only_again", "all", "none"),
        ("pagefault.beyond_end_of_file.tail_after_growth", "ext4", "w", "zero"),
        ("process_madvise.permission.without_sys_nice", "oneself", "EPERM", "ok"),
        ("swap.knobs.page_cluster", "at_32", "ok", "EINVAL"),
        ("userfaultfd.write_protect.refused", "first_protected", "no", "yes"),
    ],
    ("6.12", "6.16"): [
        ("proc_mem.access.special_kinds", "guard_install", "EINVAL", "ok"),
        ("process_madvise.same_as_madvise.every_advice_on_oneself", "dofork", "EINVAL", "ok"),
        ("pagemap.bits.guard_region", "guard", "no", "yes"),
        ("prctl.set_dumpable.root_sees_all", "maps_without_sys_ptrace", "EACCES", "ok"),
        ("prctl.set_memory_merge.in_proc", "ksm_merge_any", "no", "yes"),
        ("sweep.numbers.syscall", "syscall_467", "ENOSYS", "ok"),
    ],
    ("6.16", "6.17"): [
        ("mremap.unmap_addr_before_create.source_of_two_mappings", "mremap", "EFAULT", "there"),
        ("mremap.unmap_addr_before_create.over_limit", "target", "!!", "tu"),
        ("mremap.expand_mapping.too_long", "mremap", "ENOMEM", "EINVAL"),
        ("userfaultfd.register.droppable", "missing", "ok", "EINVAL"),
        ("userfaultfd.register.two_descriptors", "unregister_by_other", "ok", "EINVAL"),
        ("sweep.numbers.syscall", "syscall_468", "ENOSYS", "ok"),
    ],
    ("6.17", "6.18"): [
        ("prctl.set_thp_disable.except_advised", "set", "EINVAL", "ok"),
        ("migrate.knobs.tiers", "weight_auto", "true", "ENOENT"),
    ],
    ("6.18", "6.19"): [
        ("swapon.priority.default_of_three", "third", -4, -1),
        ("sweep.madvise.guarded", "flags", "rd wr mr mw me ac sd", "rd wr mr mw me gu ac sd"),
        ("sweep.numbers.syscall", "syscall_470", "ENOSYS", "ok"),
    ],
    ("6.19", "7.0"): [
        ("mmap.droppable.under_mcl_future", "locked", "yes", "no"),
    ],
    ("7.0", "7.1"): [
        ("kpageflags.kinds.plain", "anonymous", "mmap anon swapbacked ksm", "mmap anon swapbacked"),
        ("migrate.knobs.tiers", "weight_auto", "ENOENT", "true"),
        ("userfaultfd.copy.beyond_end_of_file", "copy", "EFAULT", "ENOMEM"),
        ("sweep.access.anon_read_only", "proc_mem_write", "ok reads wlmn", "EIO"),
    ],
    ("7.1", "7.2"): [
        ("memfd_secret.lock_secret_memory.flags", "lo", "yes", "no"),
        ("mremap.move_but_not_unmap.locked_part", "rest_after", "no", "yes"),
        ("mremap.move_but_not_unmap.locked_whole", "locked", 8, 4),
    ],
    ("7.2", "7.3"): [
        ("userfaultfd.register.newer_mode", "feature_17", "EINVAL", "ok"),
        ("pagemap_scan.find.categories", "plain_is", "0x8a", "0x88"),
        ("sweep.numbers.syscall", "syscall_472", "ENOSYS", "ok"),
    ],
    ("6.12", "6.18"): [
        ("sweep.madvise.anon_private", "madv_guard_install", "EINVAL", "ok tables --pp reads !!mn"),
    ],
    ("6.18", "7.3"): [
        ("swapon.priority.default_of_three", "first", -2, -1),
        ("sweep.access.prot_none", "proc_mem_write", "ok", "EIO"),
    ],
}
# probe, word, what the label must be, and a part of the reason: read in the sources that the catalogue names.
LABELS: dict[tuple[str, str], list[tuple[str, str, str, str]]] = {
    ("5.10", "6.1"): [
        ("set_mempolicy.modes.local", "policy", "explained", "MPOL_LOCAL is a mode of its own"),
        ("memcg.charge.transparent_huge_page", "anon_thp", "explained", "counted in small pages"),
        ("proc_mem.access.huge_page", "forced", "explained", "private huge pages are refused"),
        ("sweep.account.hugetlb_shared", "in_a_fork", "explained", "fork leaves the page tables of shared huge pages"),
        ("sweep.access.uffd_minor", "kind", "explained", "UFFDIO_REGISTER_MODE_MINOR"),
        ("sweep.account.perf_buffer", "write", "explained", "is one small fault"),
        ("sweep.crowded.none_left", "madv_dontfork", "explained", "answers EAGAIN, ENOMEM before"),
        ("sweep.mremap.perf_buffer", "mremap_fixed", "explained", "before it moves a part"),
    ],
    ("6.1", "6.12"): [
        ("sweep.knobs.lru_gen", "enabled", "config", "CONFIG_LRU_GEN_ENABLED n → y"),
        ("sweep.knobs.kernel_mm", "damon", "config", "CONFIG_DAMON_SYSFS n → y"),
        ("cachestat.count_cached_pages.of_dax", "end", "explained", "crashes the kernel on a DAX file"),
        ("mseal.refuse_change.mprotect", "other", "explained", "mseal"),
        ("sweep.account.thp", "madv_pageout", "explained", "gives back its pages of zeroes"),
        ("sweep.halfway.hole", "uffd_writeprotect", "explained", "a range of several mappings"),
    ],
    ("6.12", "6.16"): [
        ("mremap.move_but_not_unmap.locked_part", "rest_after", "explained", "7.2 / 6.12.117 / 6.1.192"),
        ("sweep.keys.process", "cpuset", "config", "CONFIG_PROC_PID_CPUSET y → n"),
        ("madvise.page_out.one_page_of_a_file", "asked", "explained", "ext4 caches files in large pages"),
        ("memfd_secret.hide_from_the_kernel.direct_io", "write_from", "explained", "since 6.15"),
        ("sweep.madvise.ext4_shared", "madv_guard_install", "explained", "since 6.15 (madvise(2))"),
        ("sweep.madvise.anon_private", "madv_guard_install", "explained", "since 6.13 (madvise(2))"),
        ("sweep.access.perf_buffer", "process_vm_readv", "explained", "mapped at once and by page frame number"),
        ("sweep.account.dax_shared", "kind", "explained", "Pages of a DAX file are counted"),
        ("sweep.limits.data", "mremap_dontunmap", "explained", "takes the flag ac"),
    ],
    ("6.16", "6.17"): [
        ("memfd_secret.hide_from_the_kernel.direct_io", "write_from", "explained", "since 6.18 / 6.17.4"),
        ("sweep.account.device_dax", "mprotect_read", "explained", "mprotect takes a huge page for clean"),
    ],
    ("6.17", "6.18"): [("migrate.knobs.tiers", "weight_auto", "explained", "the kernel's own macro auto")],
    ("6.18", "6.19"): [("sweep.halfway.sealed", "madv_guard_install", "explained", "the flag gu")],
    ("6.19", "7.0"): [("sweep.keys.meminfo", "zswap", "config", "CONFIG_ZSWAP n → y")],
    ("7.0", "7.1"): [
        ("proc_mem.access.huge_page", "forced", "config", "CONFIG_PROC_MEM_FORCE_PTRACE n → y"),
        ("sweep.access.prot_none", "proc_mem_write", "config", "CONFIG_PROC_MEM_FORCE_PTRACE n → y"),
        ("sweep.crowded.two_left", "mremap_shrink", "explained", "when few mappings are left"),
        ("sweep.halfway.inaccessible", "proc_mem_read", "config", "CONFIG_PROC_MEM_FORCE_PTRACE n → y"),
    ],
    ("7.1", "7.2"): [
        ("sweep.keys.meminfo", "cmatotal", "config", "CONFIG_CMA n → y"),
        ("sweep.account.lock_on_fault", "mremap_dontunmap", "explained", "counts what it unlocks"),
    ],
    ("7.2", "7.3"): [("sweep.map.perf_buffer", "mincore", "explained", "by page frame number")],
}
LABEL_CASES = [(pair, *row) for pair, rows in LABELS.items() for row in rows]
SHOWN_ELSEWHERE = {
    "anon_vma_name": "Debian's kernels lack CONFIG_ANON_VMA_NAME: only a kernel of one's own has it",
    "tmpfs_quota": "Debian's kernels lack CONFIG_TMPFS_QUOTA: the probe says so",
    "guard_regions_in_secret": "6.12 to 7.2: between them secret memory was locked, and refused guards for that",
    "soft_dirty_arch": "the option is the same in all builds of one architecture here",
    "calls_riscv_shadow_stack": "riscv64",
    "calls_riscv_write_reads": "riscv64",
    "calls_uffd_wp_i386_refused": "i386",
    "calls_zswap_counted": "i386: Debian's cloud kernels have no zswap before 7.0",
    "calls_zswap_no_zpool": "ppc64el, riscv64",
    "calls_zswap_pool_default": "armhf, s390x",
    "calls_zswap_same_filled": "armhf, s390x",
    "calls_zswap_writeback_counted": "armhf, s390x",
    "sweep_riscv_write_reads": "riscv64",
    "sweep_vdso_two_pages_riscv64": "riscv64",
    "sweep_vmstat_split_pud_riscv64": "riscv64",
    "sweep_vvar_arch_data": "ppc64el, riscv64",
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


@cache
def compared(old: str, new: str) -> diff.Diff:
    """Compare two series on all architectures, each by its newest build."""
    parts = []
    for arch in ("x86_64", "arm64"):
        names = [diff.resolve(stored(), series, arch).kernel for series in (old, new)]
        parts.append(compare(stored(), known(), names[0], names[1], Only(arches=(arch,))))
    return together(parts)


@cache
def known() -> catalogue.Catalogue:
    return catalogue.load()


@pytest.mark.parametrize(
    ("pair", "probe", "word", "label", "because"), LABEL_CASES, ids=[f"{c[0][1]} {c[1]} {c[2]}" for c in LABEL_CASES]
)
def test_a_change_carries_its_own_cause(pair: tuple[str, str], probe: str, word: str, label: str, because: str) -> None:
    changes = [one for one in compared(*pair).changes if one.arch == "x86_64"]
    found = {one.label: one.because or "" for one in changes if (one.probe, one.word) == (probe, word)}
    assert list(found) == [label]
    assert because in found[label]


def test_a_change_that_nobody_knows_is_rare() -> None:
    labels = Counter(one.label for pair in pairwise(SERIES) for one in compared(*pair).changes)
    assert labels["unexplained"] < labels.total() / 50


def test_every_known_change_is_seen_or_says_where_else() -> None:
    seen: set[str] = set()
    for pair in pairwise(SERIES):
        for arch in ("x86_64", "arm64"):
            names = [diff.resolve(stored(), series, arch).kernel for series in pair]
            labeller = Labeller(stored(), known(), names[0], names[1])
            seen |= {
                each.known.id
                for one in compared(*pair).changes
                if one.arch == arch
                for each in labeller.explanations
                if each.fits(one) and (each.by_version or labeller.difference(each.known.config, arch))
            }
    assert {one.id for one in known().known} - seen == set(SHOWN_ELSEWHERE)


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
