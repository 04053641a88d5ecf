"""Which calls, flags and files make a behaviour, a probe or a word of a sweep touch a program.

That follows from names where it can: the call is the first part of a behaviour's id, its flags stand in its
condition, and a word of a sweep is a call with its flags in lower case. table.py has the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from farm.profile.words import CALLS, file_of
from farm.upgrade.known import FLAG, flags_with
from farm.upgrade.table import ALSO, BEHAVIOURS, KINDS, OPERATIONS, PROBES, WORDS

ALTERNATIVES = re.compile(r" / |, | or ")


@dataclass(frozen=True, slots=True)
class Need:
    """One way to be touched: a call with flags, or a file (a glob in `call`); call "*" is every program."""

    call: str
    having: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()

    def __str__(self) -> str:
        file = " of a file" if "MAP_ANONYMOUS" in self.lacking else ""
        return " ".join((self.call, "|".join(sorted(self.having)))).strip() + file


Needs = tuple[Need, ...]
SWEEP = "sweep."
PREFIXES = {"madv_": "madvise", "uffdio_": "ioctl", "pr_": "prctl"}  # words that are a flag in lower case
EVERYBODY: Needs = (Need("*"),)


@cache
def needs(text: str) -> Needs:
    """Read the table's language."""
    found = []
    for part in filter(None, (one.split() for one in text.split(";"))):
        call, *flags = part
        having = frozenset(flag for flag in flags if not flag.startswith("-"))
        found.append(Need(call, having, frozenset(flag[1:] for flag in flags if flag.startswith("-"))))
    return tuple(found)


def listed(table: dict[str, str], name: str) -> Needs | None:
    """Return what the table says: of the name itself, else of the first glob that fits; None where nothing does."""
    if name in table:
        return needs(table[name])
    return next((needs(text) for glob, text in table.items() if fnmatchcase(name, glob)), None)


@cache
def of_kind(kind: str) -> Needs:
    """Return what makes mappings of a kind; a kind that the table does not have may be anybody's."""
    found = listed(KINDS, kind)
    return EVERYBODY if found is None else found


@cache
def of_memory(probe: str) -> Needs:
    """Return what makes the memory that a probe works on, where its name tells that it is of a special kind."""
    return listed(ALSO, probe) or EVERYBODY


@cache
def of_table(behaviour: str, name: str = "") -> Needs | None:
    """Return what the table says of a probe, else of its behaviour; None where neither is there."""
    found = listed(PROBES, f"{behaviour}.{name}") if name else None
    return listed(BEHAVIOURS, behaviour) if found is None else found


@cache
def of_knob(folder: Needs, word: str) -> Needs:
    """Return what makes one knob touch a program: its own file. `_` in the word is any sign in the file's name."""
    name = word.replace("_", "?")
    return tuple(Need(f"{need.call.rstrip('*').rstrip('/')}/*{name}") for need in folder)


@cache
def of_probe(behaviour: str, condition: str, name: str) -> Needs:
    """Return what makes a probe touch a program: its behaviour's needs, or less where its own name says so."""
    found = of_table(behaviour, name)
    if found is None:
        found = of_behaviour(behaviour, condition)
    return (listed(OPERATIONS, name) or found) if found == EVERYBODY else found


@cache
def of_behaviour(behaviour: str, condition: str) -> Needs:
    """Return what makes a behaviour touch a program: from the table, else from its name and condition."""
    found = of_table(behaviour)
    if found is not None or behaviour.startswith(SWEEP):
        return found or ()
    call, _, rest = behaviour.partition(".")
    if call.startswith("proc_") and call not in CALLS:
        return (Need(f"/proc/PID/{call.removeprefix('proc_')}"),)
    if call == "prctl" and not FLAG.search(condition):
        option = re.sub("^[GS]ET_", "", rest.upper())
        return tuple(Need(call, frozenset({f"PR_{verb}_{option}"})) for verb in ("SET", "GET"))
    call = {"userfaultfd": "ioctl", "shmop": "shmctl"}.get(call, call)
    if call not in CALLS:
        return EVERYBODY  # nobody said what it takes: rather too much than nothing
    return tuple(_conditions(call, condition)) or (Need(call),)


def _conditions(call: str, condition: str) -> list[Need]:
    """Return the needs of a condition such as "MAP_FIXED / MAP_FIXED_NOREPLACE" or "MCL_CURRENT | MCL_ONFAULT"."""
    found = []
    for part in ALTERNATIVES.split(condition):
        with_them, _, without = part.partition(" without ")
        if flags := frozenset(FLAG.findall(with_them)):
            found.append(Need(call, flags, frozenset(FLAG.findall(without))))
    return found


@cache
def of_word(word: str) -> Needs:
    """Return what makes an operation of a sweep touch a program, from its name: mremap_fixed_grow, madv_cold."""
    found = listed(WORDS, word)
    if found is not None:
        return found
    for prefix, call in PREFIXES.items():
        if word.startswith(prefix):
            return (Need(call, frozenset({word.upper()})),)
    if file := file_of(f"/proc/self/{word}") or file_of(f"/proc/{word}"):
        return (Need(file),)
    call = max((name for name in CALLS if word == name or word.startswith(f"{name}_")), key=len, default="")
    if not call:
        return EVERYBODY
    rest = word[len(call) :].strip("_").upper()
    return (Need(call, _flags_in(call, rest)),)


def _flags_in(call: str, rest: str) -> frozenset[str]:
    """Return the flags of a call whose names, without their prefix, stand in `rest`; the longest first."""
    found = set()
    for flag, short in flags_with(CALLS[call]):
        if re.search(rf"(?:^|_){short}(?:_|$)", rest):
            found.add(flag)
            rest = re.sub(rf"(?:^|_){short}(?=_|$)", "", rest)
    return frozenset(found)
