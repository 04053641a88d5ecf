"""The order in which pages name things: system calls as the mission's table, flavours, and kernels' short names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from farm.types import Kernel, upstream

SWEEP = "sweep."
# The order of the mission's table; calls that it does not have follow by name, sweeps come last.
CALLS = (
    *("mmap", "munmap", "mremap", "mprotect", "madvise", "mlock", "mlock2", "mlockall", "munlockall", "mincore"),
    *("msync", "process_vm_readv", "process_vm_writev", "process_madvise", "brk", "shmat", "shmget", "shmop"),
    *("swapon", "prctl", "pagefault", "swap", "migrate"),
)
FLAVOURS = ("cloud", "generic")  # the order of columns; others follow by name


def names(kernel: Kernel, main: str) -> tuple[str, ...]:
    """Return what a kernel may be called, shortest first; only a flavour that is not `main` is named."""
    short = ".".join(map(str, upstream(kernel.version)))
    flavour = "" if kernel.flavour == main else f"-{kernel.flavour}"
    return short + flavour, kernel.version + flavour, kernel.name


def call_of(behaviour: str) -> str:
    """Return the system call that a behaviour is listed under."""
    return behaviour.partition(".")[0]


def call_rank(call: str) -> tuple[int, str]:
    """Sort system calls as the table does, sweeps last."""
    return (len(CALLS) + 1, "") if f"{call}." == SWEEP else (rank(call, CALLS)[0], call)


def rank(name: str, order: Sequence[str]) -> tuple[int, str]:
    """Sort key: the place in `order`, after them by name."""
    return (order.index(name) if name in order else len(order), name)


def short(kernels: Mapping[str, Kernel], labels: Mapping[str, str], chosen: Sequence[str]) -> dict[str, str]:
    """Return labels for a table of some kernels: where all are of one flavour, nobody needs to read it each time."""
    flavours = {kernels[name].flavour for name in chosen}
    end = f"-{flavours.pop()}" if len(flavours) == 1 else ""
    found = {name: labels[name].removesuffix(end) for name in chosen}
    return found if len(set(found.values())) == len(found) else {name: labels[name] for name in chosen}
