"""What a program must do for a behaviour, a kind of mapping or a word of a sweep to touch it: the one table of that.

Most of it follows from names (touch.py): the call is the first part of a behaviour's id, its flags stand in its
condition, and a word of a sweep is a call with its flags in lower case. The table holds the rest. A need is a call
with the flags that it has ("-" before one that it has not), or a file; ";" stands between alternatives, "*" means
every program, and nothing means no program. The name itself goes before the first glob that fits.
"""

from __future__ import annotations

HUGETLB = "mmap MAP_HUGETLB; shmget SHM_HUGETLB; memfd_create MFD_HUGETLB; /dev/hugepages"
FILE = "mmap -MAP_ANONYMOUS"
DAX = "mmap MAP_SYNC; /dev/dax*; /dev/pmem*"
FILE_SEALS = "memfd_create MFD_ALLOW_SEALING; fcntl F_ADD_SEALS"
THP = "/sys/kernel/mm/transparent_hugepage"
NOBODY = ""

# fmt: off
# Behaviours that their names and conditions do not tell; the first glob that fits counts.
BEHAVIOURS = {
    "mmap.droppable":              "mmap MAP_DROPPABLE",
    "memfd_create.seal_file":      "memfd_create MFD_ALLOW_SEALING; fcntl F_ADD_SEALS; memfd_create MFD_NOEXEC_SEAL",
    "memfd_create.huge_pages":     "memfd_create MFD_HUGETLB",
    "dax.*":                       DAX,
    "hugetlb.poison":              "madvise MADV_HWPOISON",
    "hugetlb.*":                   HUGETLB,
    "migrate.move_pages*":         "move_pages",
    "migrate.migrate_pages":       "migrate_pages",
    "migrate.*":                   "move_pages; migrate_pages; mbind; set_mempolicy; /proc/sys/kernel/numa_balancing",
    "shmop.detach":                "shmdt",
    "pagefault.copy_on_write":     "fork",
    "pagefault.private_file":      "mmap MAP_PRIVATE -MAP_ANONYMOUS",
    "pagefault.shared_file":       "mmap MAP_SHARED -MAP_ANONYMOUS",
    "pagefault.fault_around":      FILE,
    "pagefault.beyond_end_of_file": FILE,
    "pagefault.stack_growth*":     "*",  # every stack grows so, with or without MAP_GROWSDOWN
    "pagefault.guard_gap":         "*",
    "pagefault.execute_only":      "mmap PROT_EXEC -PROT_READ; mprotect PROT_EXEC -PROT_READ",
    "pagefault.*":                 "*",
    "thp.prctl":                   "prctl PR_SET_THP_DISABLE; prctl PR_GET_THP_DISABLE",
    "thp.collapse":                "madvise MADV_COLLAPSE; process_madvise MADV_COLLAPSE",
    "thp.knobs":                   f"{THP}*",
    "thp.shmem":                   "mmap MAP_SHARED; shmat; memfd_create; /dev/shm",
    "thp.file":                    FILE,
    "thp.fork":                    "fork",
    "thp.*":                       "*",
    "swap.willneed":               "madvise MADV_WILLNEED",
    "swap.mlock":                  "mlock; mlock2; mlockall",
    "swap.shared_memory":          "mmap MAP_SHARED; shmat; memfd_create; /dev/shm",
    "swap.knobs":                  "/proc/sys/vm/*; /proc/vmstat; /proc/swaps; /proc/meminfo",
    "swap.*":                      "*",
    "swapon.swapoff":              "swapoff",
    "memcg.files":                 "/sys/fs/cgroup/*",
    "memcg.reclaim":               "/sys/fs/cgroup/memory.reclaim",
    "memcg.*":                     "*",
    "overcommit.*":                "*",
    "pagemap_scan.*":              "ioctl PAGEMAP_SCAN",
    "procmap_query.*":             "ioctl PROCMAP_QUERY",
    "pagemap.*":                   "/proc/PID/pagemap",
    "kpageflags.*":                "/proc/kpageflags",
    "proc_smaps.*":                "/proc/PID/smaps; /proc/PID/smaps_rollup",
    "proc_maps.*":                 "/proc/PID/maps",
    "userfaultfd.open":            "userfaultfd; /dev/userfaultfd",
    "userfaultfd.events":          "ioctl UFFD_FEATURE_EVENT_FORK; ioctl UFFD_FEATURE_EVENT_REMAP;"
                                   "ioctl UFFD_FEATURE_EVENT_REMOVE; ioctl UFFD_FEATURE_EVENT_UNMAP",
    "userfaultfd.minor":           "ioctl UFFDIO_REGISTER_MODE_MINOR; ioctl UFFDIO_CONTINUE",
    "userfaultfd.write_protect":   "ioctl UFFDIO_REGISTER_MODE_WP; ioctl UFFDIO_WRITEPROTECT",
    "sweep.keys":                  "/proc/PID/*; /proc/meminfo; /proc/vmstat; /proc/filesystems",
    "sweep.knobs":                 "/proc/sys/vm/*; /sys/kernel/mm*; /sys/devices/system/node*",
    "sweep.bits":                  NOBODY,  # single bits, most of them without a name
    "sweep.numbers":               NOBODY,  # numbers that nothing was assigned to
}

KNOBS = "sweep.knobs."  # its words are the names of files

# Probes that are about less than their behaviour: about one file, one advice.
PROBES = {
    "swap.knobs.counters":         "/proc/vmstat",
    "swap.knobs.page_cluster":     "/proc/sys/vm/page-cluster",
    "swap.knobs.swappiness":       "/proc/sys/vm/swappiness",
    "swap.knobs.generations":      "/sys/kernel/mm/lru_gen*",
    "swap.knobs.read_ahead_by_mapping": "/sys/kernel/mm/swap*",
    "thp.knobs.counters":          "/proc/vmstat",
    "thp.knobs.enabled":           f"{THP}/enabled",
    "thp.knobs.defrag":            f"{THP}/defrag",
    "thp.knobs.shmem_enabled":     f"{THP}/shmem_enabled",
    "thp.knobs.khugepaged":        f"{THP}/khugepaged*",
    "thp.knobs.size*":             f"{THP}/hugepages-*",
    "thp.knobs.others":            f"{THP}/hpage_pmd_size; {THP}/use_zero_page; {THP}/shrink_underused",
    "swap.knobs.zswap":            "/proc/meminfo; /sys/module/zswap",
    "thp.file.ext4_advised":       "madvise MADV_HUGEPAGE",
    "*.proc_mem*":                 "/proc/PID/mem",
    "*.vvar*":                     NOBODY,  # the kernel makes it, and no program is known to work on it
    "sweep.keys.smaps":            "/proc/PID/smaps",
    "sweep.keys.smaps_rollup":     "/proc/PID/smaps_rollup",
    "sweep.keys.status":           "/proc/PID/status",
    "sweep.keys.meminfo":          "/proc/meminfo",
    "sweep.keys.vmstat":           "/proc/vmstat",
    "sweep.keys.filesystems":      "/proc/filesystems",
    "sweep.keys.process":          NOBODY,  # which files a process has in /proc
    "sweep.knobs.vm":              "/proc/sys/vm/*",
    "sweep.knobs.thp":             f"{THP}*",
    "sweep.knobs.khugepaged":      f"{THP}/khugepaged*",
    "sweep.knobs.ksm":             "/sys/kernel/mm/ksm*",
    "sweep.knobs.swap":            "/sys/kernel/mm/swap*",
    "sweep.knobs.lru_gen":         "/sys/kernel/mm/lru_gen*",
    "sweep.knobs.hugepages":       "/sys/kernel/mm/hugepages*",
    "sweep.knobs.node":            "/sys/devices/system/node*",
    "sweep.knobs.kernel_mm":       "/sys/kernel/mm*",
}

# Of behaviours that touch every program, the probes that show them through an operation: by the probe's own name.
OPERATIONS = {
    "fork*":                       "fork",
    "dontneed*":                   "madvise MADV_DONTNEED",
    "locked_dontneed":             "mlock; mlock2; mlockall",
    "free*":                       "madvise MADV_FREE",
    "guard*":                      "madvise MADV_GUARD_INSTALL",
    "cold_*":                      "madvise MADV_COLD",
    "pageout":                     "madvise MADV_PAGEOUT",
    "mergeable":                   "madvise MADV_MERGEABLE",
    "dontfork":                    "madvise MADV_DONTFORK",
    "wipeonfork*":                 "madvise MADV_WIPEONFORK",
    "mbind_*":                     "mbind",
    "mincore":                     "mincore",
    "mlock":                       "mlock; mlock2; mlockall",
    "locked*":                     "mlock; mlock2; mlockall; mmap MAP_LOCKED",
    "mprotect*":                   "mprotect",
    "mremap*":                     "mremap",
    "munmap*":                     "munmap",
    "*populate":                   "mmap MAP_POPULATE; madvise MADV_POPULATE_READ; madvise MADV_POPULATE_WRITE",
    "droppable":                   "mmap MAP_DROPPABLE",
    "huge_page*":                  HUGETLB,
    "memfd*":                      "memfd_create",
    "never_fork":                  "fork",
    "never_mprotect":              "mprotect",
    "never_mremap":                "mremap",
    "never_brk":                   "brk",
    "never_segment":               "shmget",
    "never_growsdown":             "mmap MAP_GROWSDOWN",
    "*noreserve":                  "mmap MAP_NORESERVE",
    "*shared*":                    "mmap MAP_SHARED; shmat",
    "*tmpfs*":                     "mmap MAP_SHARED -MAP_ANONYMOUS; /dev/shm",
    "sealed":                      "mseal",
    "write_only":                  "mmap PROT_WRITE -PROT_READ; mprotect PROT_WRITE -PROT_READ",
    "soft_dirty_write":            "/proc/PID/pagemap; /proc/PID/clear_refs",
    "through_proc_mem":            "/proc/PID/mem",
    "whole_machine":               "/sys/devices/system/node/reclaim",
}

# What makes a kind of mapping (guest/tables/kinds.def); a sweep's row touches who has such mappings.
KINDS = {
    "anon_private":                "mmap MAP_PRIVATE MAP_ANONYMOUS",
    "anon_untouched":              "mmap MAP_PRIVATE MAP_ANONYMOUS",
    "anon_shared":                 "mmap MAP_SHARED MAP_ANONYMOUS",
    "anon_read_only":              "mprotect PROT_READ -PROT_WRITE; mmap MAP_ANONYMOUS PROT_READ -PROT_WRITE",
    "anon_exec":                   "mprotect PROT_EXEC; mmap MAP_ANONYMOUS PROT_EXEC",
    "prot_none":                   "mmap MAP_ANONYMOUS PROT_NONE; mprotect PROT_NONE",
    "dev_zero":                    "/dev/zero",
    "memfd_*":                     "memfd_create",
    "memfd_secret":                "memfd_secret",
    "memfd_sealed":                "memfd_create MFD_ALLOW_SEALING; fcntl F_ADD_SEALS",
    "tmpfs_shared":                "mmap MAP_SHARED -MAP_ANONYMOUS",
    "tmpfs_private":               "mmap MAP_PRIVATE -MAP_ANONYMOUS",
    "ext4_shared":                 "mmap MAP_SHARED -MAP_ANONYMOUS",
    "ext4_private*":               "mmap MAP_PRIVATE -MAP_ANONYMOUS",
    "ext4_read_only":              "mmap MAP_SHARED PROT_READ -PROT_WRITE -MAP_ANONYMOUS",
    "dax_sync":                    "mmap MAP_SYNC",
    "dax_*":                       DAX,
    "hugetlb_*":                   HUGETLB,
    "shm":                         "shmat",
    "heap":                        "brk",
    "growsdown":                   "mmap MAP_GROWSDOWN",
    "vdso":                        NOBODY,  # the kernel makes it, and no program is known to work on it
    "vvar":                        NOBODY,
    "mlocked":                     "mlock; mlockall; mmap MAP_LOCKED",
    "lock_on_fault":               "mlock2 MLOCK_ONFAULT; mlockall MCL_ONFAULT",
    "dontfork":                    "madvise MADV_DONTFORK",
    "wipe_on_fork":                "madvise MADV_WIPEONFORK",
    "thp":                         "mmap MAP_PRIVATE MAP_ANONYMOUS; brk",
    "device_dax":                  DAX,
    "memfd_huge":                  "memfd_create MFD_HUGETLB",
    "thp_shared":                  "memfd_create",
    "shm_locked":                  "shmctl SHM_LOCK",
    "pkey":                        "pkey_mprotect",
    "pinned":                      "io_uring_register",
    "perf_buffer":                 NOBODY,  # profilers alone, whose calls are not counted
    "beyond_end":                  FILE,
    "inaccessible":                "mmap PROT_NONE; mprotect PROT_NONE",
    "file_read_only":              "mmap MAP_SHARED PROT_READ -PROT_WRITE -MAP_ANONYMOUS",
    "file_shared":                 "mmap MAP_SHARED -MAP_ANONYMOUS",
    "secret":                      "memfd_secret",
    "locked":                      "mlock; mlock2; mlockall; mmap MAP_LOCKED",
    "seal*":                       "mseal",
    "uffd_*":                      "userfaultfd; /dev/userfaultfd",
    "droppable":                   "mmap MAP_DROPPABLE",
    "guarded":                     "madvise MADV_GUARD_INSTALL",
    "sealed":                      "mseal",
    "hole":                        "munmap",
    "anon_then_file":              "mmap MAP_FIXED -MAP_ANONYMOUS",
}

# Words of sweeps that are not a call with its flags in lower case.
WORDS = {
    "kind":                        "*",  # what such a mapping is like when nothing was done to it
    "flags":                       "/proc/PID/smaps",
    "fork":                        "fork",
    "fork_after_*":                "fork",
    "madv_*[0-9]":                 NOBODY,
    "*_bit_[0-9]*":                NOBODY,
    "proc_mem_*":                  "/proc/PID/mem",
    "read_into_it":                "*",
    "write_from_it":               "*",
    "mremap_old_len_zero*":        NOBODY,  # a log's profile does not have lengths, and hardly anybody does it
    "mremap_dontunmap*":           "mremap MREMAP_DONTUNMAP",
    "mremap_fixed_without_maymove": "mremap MREMAP_FIXED -MREMAP_MAYMOVE",
    "munlock_whole":               "munlock",
    "mlockall_all":                "mlockall MCL_CURRENT MCL_FUTURE",
    "mprotect_whole":              "mprotect",
    "mprotect_middle":             "mprotect",
    "mprotect_all":                "mprotect PROT_READ PROT_WRITE PROT_EXEC",
    "move_pages_query":            "move_pages",
    "mbind_strict":                "mbind MPOL_MF_STRICT",
    "uffdio_register_*":           "ioctl UFFDIO_REGISTER",
    "uffd_register*":              "ioctl UFFDIO_REGISTER",
    "uffd_zeropage":               "ioctl UFFDIO_ZEROPAGE",
    "uffd_writeprotect":           "ioctl UFFDIO_WRITEPROTECT",
    "shm_lock":                    "shmctl SHM_LOCK",
    "shm_unlock":                  "shmctl SHM_UNLOCK",
    "shm_stat_any":                "shmctl SHM_STAT_ANY",
    "ipc_stat":                    "shmctl IPC_STAT",
    "pr_set_mm_*":                 "prctl PR_SET_MM",
    "pr_set_vma_name":             "prctl PR_SET_VMA",
    "prlimit_memlock":             "prlimit64 RLIMIT_MEMLOCK",
    "growsdown*":                  "mmap MAP_GROWSDOWN",
    "mmap_file_*":                 FILE,
    "mmap_future":                 "mlockall MCL_FUTURE",
    "mmap_page_zero":              "personality MMAP_PAGE_ZERO",
    "oom_score_adj*":              "/proc/PID/oom_score_adj",
    "pagemap_frames":              "/proc/PID/pagemap",
    "drop_caches":                 "/proc/sys/vm/drop_caches",
    "overcommit_memory":           "/proc/sys/vm/overcommit_memory",
    "ksm_run":                     "/sys/kernel/mm/ksm/run",
    "thp_enabled":                 f"{THP}/enabled",
    "dev_userfaultfd":             "/dev/userfaultfd",
    "dev_mem":                     "/dev/mem",
    "environ":                     NOBODY,  # from here on files that profiles do not count
    "limits":                      NOBODY,
    "iomem":                       NOBODY,
    "kcore":                       NOBODY,
    "vmallocinfo":                 NOBODY,
}

# Of any behaviour, the probes that work on memory which a program must have made first.
ALSO = {
    "memfd_create.*":              "*",  # these are about sealing itself
    "mseal.*":                     "*",
    "mmap.refuse_arguments.sealed*": FILE_SEALS,
    "*.sealed_memfd":              FILE_SEALS,
    "*.sealed_file":               FILE_SEALS,
    "*.write_sealed":              FILE_SEALS,
    "*sealed*":                    "mseal",
    "*.droppable*":                "mmap MAP_DROPPABLE",
    "*.write_exec_denied*":        "prctl PR_SET_MDWE",
    "*.guard_[ipr]*":              "madvise MADV_GUARD_INSTALL",
    "*.guarded":                   "madvise MADV_GUARD_INSTALL",
    "*.guards_*":                  "madvise MADV_GUARD_INSTALL; process_madvise MADV_GUARD_INSTALL",
    "*.secret*":                   "memfd_secret",
    "*memfd*":                     "memfd_create",
}

# What a probe may need that not every program has; the other words (thp, swap, numa2, …) are the machine's.
PROBE_NEEDS = {"hugetlb": HUGETLB, "dax": DAX, "devdax": DAX}
# fmt: on
