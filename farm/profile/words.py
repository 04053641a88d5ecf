"""Which calls of a log are about memory, which of their words are flags, and which files are counted.

This is the one place to touch for a memory call, a flag's prefix or a file that profiles should know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Under which prefixes a call's flags stand; "" for a call without flags. A call that is not here is not counted.
CALLS: dict[str, tuple[str, ...]] = {
    "mmap": ("PROT_", "MAP_"),
    "munmap": (),
    "mremap": ("MREMAP_",),
    "mprotect": ("PROT_",),
    "pkey_mprotect": ("PROT_",),
    "pkey_alloc": ("PKEY_",),
    "pkey_free": (),
    "madvise": ("MADV_",),
    "process_madvise": ("MADV_",),
    "mlock": (),
    "mlock2": ("MLOCK_",),
    "munlock": (),
    "mlockall": ("MCL_",),
    "munlockall": (),
    "mincore": (),
    "msync": ("MS_",),
    "mseal": (),
    "brk": (),
    "remap_file_pages": ("PROT_", "MAP_"),
    "process_vm_readv": (),
    "process_vm_writev": (),
    "process_mrelease": (),
    "memfd_create": ("MFD_",),
    "memfd_secret": ("O_",),
    "cachestat": (),
    "map_shadow_stack": ("SHADOW_STACK_",),
    "userfaultfd": ("UFFD_", "O_"),
    "mbind": ("MPOL_",),
    "set_mempolicy": ("MPOL_",),
    "get_mempolicy": ("MPOL_",),
    "set_mempolicy_home_node": (),
    "migrate_pages": (),
    "move_pages": ("MPOL_",),
    "shmget": ("IPC_", "SHM_"),
    "shmat": ("SHM_",),
    "shmdt": (),
    "shmctl": ("IPC_", "SHM_"),
    "swapon": ("SWAP_FLAG_",),
    "swapoff": (),
    "prctl": ("PR_",),
    "ioctl": ("UFFDIO_", "UFFD_", "USERFAULTFD_", "PAGEMAP_", "PROCMAP_", "PAGE_IS_"),
    "fcntl": ("F_ADD_SEALS", "F_GET_SEALS", "F_SEAL_"),
    "fork": (),
    "clone": ("CLONE_VM",),
    "clone3": ("CLONE_VM",),
    "prlimit64": ("RLIMIT_",),
    "setrlimit": ("RLIMIT_",),
    "getrlimit": ("RLIMIT_",),
    "personality": ("ADDR_", "READ_IMPLIES_EXEC", "MMAP_PAGE_ZERO", "PER_"),
    "arch_prctl": ("ARCH_",),
    "fallocate": ("FALLOC_FL_",),
    "fadvise64": ("POSIX_FADV_",),
    "readahead": (),
    "vmsplice": ("SPLICE_F_",),
    "io_uring_register": ("IORING_REGISTER_BUFFERS", "IORING_REGISTER_PBUF_RING", "IORING_MEM_REGION"),
}

# The same call under the name that another architecture, or an older ABI, has for it.
ALIASES = {
    "mmap2": "mmap",
    "old_mmap": "mmap",
    "fadvise64_64": "fadvise64",
    "arm_fadvise64_64": "fadvise64",
    "ugetrlimit": "getrlimit",
}

# Calls that have other uses too: they are about memory where a flag says so.
MEMORY_FLAGS = {
    "prctl": re.compile(
        r"PR_(SET|GET)_(MM|DUMPABLE|THP_DISABLE|VMA|MDWE|MEMORY_MERGE|TAGGED_ADDR_CTRL|IO_FLUSHER|AUXV"
        r"|SHADOW_STACK_STATUS)|PR_MCE_KILL(_GET)?|PR_LOCK_SHADOW_STACK_STATUS"
    ),
    "ioctl": re.compile(r"UFFDIO_\w+|USERFAULTFD_IOC_NEW|PAGEMAP_SCAN|PROCMAP_QUERY"),
    "fcntl": re.compile(r"F_(ADD|GET)_SEALS"),
    "prlimit64": re.compile(r"RLIMIT_(AS|DATA|STACK|MEMLOCK|RSS)"),
    "setrlimit": re.compile(r"RLIMIT_(AS|DATA|STACK|MEMLOCK|RSS)"),
    "getrlimit": re.compile(r"RLIMIT_(AS|DATA|STACK|MEMLOCK|RSS)"),
    "personality": re.compile(r"ADDR_\w+|READ_IMPLIES_EXEC|MMAP_PAGE_ZERO"),
    "arch_prctl": re.compile(r"ARCH_(SHSTK_\w+|\w*TAG\w*|MAP_VDSO_\w+)"),
    "io_uring_register": re.compile(r"IORING_\w+"),
}
FORKS = ("clone", "clone3", "fork")
# Calls that always carry a flag: where the log shows none, it does not tell (-X raw, a line without its beginning).
ALWAYS = (
    *("mmap", "mprotect", "pkey_mprotect", "madvise", "process_madvise", "mlockall", "prctl", "shmctl"),
    *("prlimit64", "setrlimit", "getrlimit"),
)
OPENS = ("open", "openat", "openat2")
# strace before 6.7 knows these requests only by number: linux/fs.h.
REQUESTS = ((re.compile(r"0x66, 0x10, "), "PAGEMAP_SCAN"), (re.compile(r"0x66, 0x11, "), "PROCMAP_QUERY"))

# A string or the decoration of a descriptor may hold anything; what is left are the arguments themselves.
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*(?:"(?:\.\.\.)?|$)|(?<=\d)<[^<>]*>')
NAME = re.compile(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9]\b")
SHIFTED = re.compile(r"\b(\d+)<<(MAP|MFD|SHM)_HUGE_SHIFT\b")
UNNAMED = re.compile(r"(0x[0-9a-f]+) /\* ([A-Z]+_)\?\?\? \*/")  # the whole argument
UNNAMED_BITS = re.compile(r"\b([A-Z]+_)\w+\|(0x[0-9a-f]+)")
SIZES = ("KB", "MB", "GB")

OF_PROCESS = (
    *("maps", "smaps", "smaps_rollup", "pagemap", "mem", "clear_refs", "numa_maps", "status", "statm", "oom_adj"),
    *("oom_score", "oom_score_adj", "coredump_filter", "ksm_stat", "ksm_merging_pages", "auxv", "map_files"),
)
# Files of /proc, /sys and /dev by which a program looks at memory or sets it, and what they are counted as.
FILES = tuple(
    (re.compile(pattern), shown)
    for pattern, shown in (
        (rf"/proc/(?:self|thread-self|\d+)(?:/task/\d+)?/({'|'.join(OF_PROCESS)})", r"/proc/PID/\1"),
        (r"/proc/(meminfo|vmstat|swaps|zoneinfo|buddyinfo|pagetypeinfo|kpage\w+|slabinfo|filesystems)", r"/proc/\1"),
        (r"/proc/sys/vm/([\w-]+)", r"/proc/sys/vm/\1"),
        (r"/proc/sys/kernel/(shm\w+|randomize_va_space|numa_balancing)", r"/proc/sys/kernel/\1"),
        (r"/proc/sysvipc/shm", "/proc/sysvipc/shm"),
        (r"/sys/kernel/mm((?:/[\w.+-]+)*)/?", r"/sys/kernel/mm\1"),
        (r"/sys/devices/system/node(?:/node\d+)?((?:/[\w.+-]+)*)/?", r"/sys/devices/system/node\1"),
        (r"/sys/fs/cgroup/(?:.*/)?(memory\.[\w.]+|cgroup\.procs)", r"/sys/fs/cgroup/\1"),
        (r"/sys/module/zswap/.*", "/sys/module/zswap"),
        (r"/dev/(userfaultfd|zero|mem|dax[\d.]+|pmem\w+)", r"/dev/\1"),
        (r"/dev/(shm|hugepages)/.*", r"/dev/\1"),
    )
)


def name_of(call: str) -> str | None:
    """Return the name under which a call is counted, None where it has nothing to do with memory."""
    name = ALIASES.get(call, call)
    return name if name in CALLS else None


def flags_of(call: str, arguments: str) -> frozenset[str]:
    """Return the flags among a call's arguments as the log has them: names, and numbers that strace cannot name."""
    bare = QUOTED.sub("", arguments)
    found = {word for word in NAME.findall(bare) if word.startswith(CALLS[call])}
    for power, prefix in SHIFTED.findall(bare):
        found.discard(f"{prefix}_HUGE_SHIFT")
        found.add(f"{prefix}_HUGE_{huge_size(int(power))}")
    found.update(number for number, prefix in UNNAMED.findall(bare) if prefix in CALLS[call])
    found.update(number for prefix, number in UNNAMED_BITS.findall(bare) if prefix in CALLS[call])
    if call == "ioctl":
        found.update(request for pattern, request in REQUESTS if pattern.search(bare))
    return frozenset(found)


def huge_size(power: int) -> str:
    """Return 2^power bytes as constants spell it: 21 → "2MB"; an absurd power stays one."""
    thousands = power // 10 - 1
    return f"{1 << power % 10}{SIZES[thousands]}" if 0 <= thousands < len(SIZES) else f"SHIFT_{power}"


def is_about_memory(call: str, flags: Iterable[str]) -> bool:
    """Whether a call with these flags is a use of memory: a prctl that sets a name is none, a thread is no fork.

    A number that strace has no name for may be anything, so it counts.
    """
    pattern = MEMORY_FLAGS.get(call)
    if pattern is not None:
        return any(pattern.fullmatch(flag) or flag.startswith("0x") for flag in flags)
    return call not in FORKS or "CLONE_VM" not in flags


def file_of(path: str) -> str | None:
    """Return what a path is counted as, with nothing in it that names a process or a place; None for other files."""
    for pattern, shown in FILES:
        if found := pattern.fullmatch(path):
            return found.expand(shown)
    return None
