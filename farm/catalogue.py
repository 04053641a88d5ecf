"""The catalogue: behaviours, their probes and what is claimed of them, read strictly from guest/catalogue/*.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from farm.catalogue_nodes import Node, Value
from farm.catalogue_text import parsed
from farm.errors import PlanError
from farm.settings import ROOT
from farm.types import upstream

GUEST = ROOT / "guest"
EVERYWHERE = frozenset({"ext4"})
"""Words that every variant gives: they select no probe for a variant."""

T = TypeVar("T")
NAME = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
WORD = re.compile(r"[a-z0-9_]{1,64}")

FILE_KEYS = ("behaviours", "explains")
BEHAVIOUR_KEYS = ("listed", "condition", "constraint", "remark", "says", "probes", "kinds")
PROBE_KEYS = ("says", "source", "needs", "config", "core", "kill", "saw", "claim")
KILLS = ("", "before", "after")
CONDITIONS = ("since", "until", "arch")
KNOWN_KEYS = ("id", "what", "since", "origin", "arch", "config", "probes", "words", "values")


@dataclass(frozen=True, slots=True)
class Claim:
    """What is claimed where its conditions hold: for each word the values that are allowed."""

    words: Mapping[str, tuple[Value, ...]]
    since: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    arch: tuple[str, ...] = ()

    def applies(self, version: str, arch: str) -> bool:
        """Whether the claim speaks of the kernel of this package version on this architecture."""
        return (
            (not self.since or since_holds(self.since, version))
            and (not self.until or not since_holds(self.until, version))
            and (not self.arch or arch in self.arch)
        )


@dataclass(frozen=True, slots=True)
class Probe:
    """One small experiment; `saw` holds the foreseen values per word, empty where any is.

    `kill` is "before" where the guest is killed afterwards, "after" where it runs in the guest that is then booted
    from the same images.
    """

    id: str
    behaviour: str
    family: str
    says: str
    source: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    config: tuple[str, ...] = ()
    core: bool = False
    kill: str = ""
    saw: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One row of the published matrix; `listed` marks the rows of the mission's table, whose words it keeps."""

    id: str
    family: str
    says: str
    listed: bool = False
    condition: str = ""
    constraint: str = ""
    remark: str = ""
    probes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A known change; `probes`, `words` and `values` ("before → after") are globs over what shows it.

    `config` is the kernel option behind it. A word that was not said is "(nothing)" in `values`.
    """

    id: str
    what: str
    origin: str
    since: tuple[str, ...] = ()
    arch: tuple[str, ...] = ()
    config: str = ""
    probes: tuple[str, ...] = ()
    words: tuple[str, ...] = ("*",)
    values: tuple[str, ...] = ("*",)


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """Everything that is claimed; `families` maps a catalogue file's stem to its probe ids."""

    behaviours: Mapping[str, Behaviour]
    probes: Mapping[str, Probe]
    known: tuple[Known, ...]
    families: Mapping[str, tuple[str, ...]]

    def selection(self, gives: frozenset[str], base: bool, everything: bool = False) -> tuple[str, ...]:
        """Return the ids that a variant runs: all in the base, else those that need a word it gives, and the core."""
        own = gives - EVERYWHERE
        chosen = (p.id for p in self.probes.values() if base or everything or p.core or own.intersection(p.needs))
        return tuple(sorted(chosen))


def since_holds(points: Iterable[str], version: str) -> bool:
    """Whether `version` (a package version) is at or after one of `points`.

    The highest point is mainline's: it holds for everything from there on. Each other one is a stable branch's
    ("6.12.117": series 6.12, from .117 on).
    """
    here = upstream(version)
    known = sorted(upstream(point) for point in points)
    return any(here >= point if point == known[-1] else here >= point and here[:2] == point[:2] for point in known)


def load(folder: Path = GUEST / "catalogue") -> Catalogue:
    """Read every `*.yaml` in `folder`; raise PlanError naming the file, the place and the nearest known key."""
    behaviours: dict[str, Behaviour] = {}
    probes: dict[str, Probe] = {}
    known: dict[str, Known] = {}
    families: dict[str, tuple[str, ...]] = {}
    for path, value in parsed(sorted(folder.glob("*.yaml"))).items():
        node = Node(value, path.name)
        node.only(FILE_KEYS)
        found = [_behaviour(name, each, path.stem) for name, each in node.children("behaviours")]
        for behaviour, its_probes in found:
            _add(behaviours, behaviour.id, behaviour, path.name)
            for probe in its_probes:
                _add(probes, probe.id, probe, path.name)
        families[path.stem] = tuple(sorted(probe.id for _, its_probes in found for probe in its_probes))
        for each in node.items("explains"):
            change = _known(each)
            _add(known, change.id, change, path.name)
    return Catalogue(behaviours, probes, tuple(known.values()), families)


def _add(table: dict[str, T], name: str, value: T, where: str) -> None:
    if name in table:
        raise PlanError(f"{where}: {name} is there twice", hint="ids are unique over all files")
    table[name] = value


def kinds(table: Path = GUEST / "tables" / "kinds.def") -> list[tuple[str, tuple[str, ...], str]]:
    """Return the kinds of mapping that sweeps go through: name, the words that it needs, what it is."""
    rows = re.findall(r'^KIND\((\w+), "([^"]*)", "([^"]*)"\)$', table.read_text(), re.MULTILINE)
    return [(name, tuple(needs.split()), says[0].upper() + says[1:] + ".") for name, needs, says in rows]


def _behaviour(name: str, node: Node, family: str) -> tuple[Behaviour, list[Probe]]:
    node.only(BEHAVIOUR_KEYS)
    parts = name.split(".")
    if len(parts) != 2 or not all(NAME.fullmatch(part) for part in parts):
        raise PlanError(f"{node.where}: {name!r} is no behaviour", hint="<system call>.<behaviour>, lower case")
    probes = [_probe(name, short, each, family) for short, each in node.children("probes")]
    if node.flag("kinds"):
        probes += [Probe(f"{name}.{kind}", name, family, says, needs=needs) for kind, needs, says in kinds()]
    row = {key: node.text(key) for key in ("condition", "constraint", "remark")}
    ids = tuple(sorted(probe.id for probe in probes))
    says = node.text("says", needed=True)
    return Behaviour(name, family, says, listed=node.flag("listed"), probes=ids, **row), probes


def _probe(behaviour: str, name: str, node: Node, family: str) -> Probe:
    node.only(PROBE_KEYS)
    if not NAME.fullmatch(name):
        raise PlanError(f"{node.where}: {name!r} is no name of a probe", hint="lower case, single underscores")
    saw = dict(_words(Node(node.mapping.get("saw"), f"{node.where}: saw")))
    claims = tuple(_claim(each, saw) for each in node.items("claim"))
    if node.text("kill") not in KILLS:
        raise PlanError(f"{node.where}: kill is {node.text('kill')!r}", hint="before or after")
    return Probe(
        id=f"{behaviour}.{name}",
        behaviour=behaviour,
        family=family,
        says=node.text("says", needed=True),
        source=node.texts("source"),
        needs=node.texts("needs"),
        config=node.texts("config"),
        core=node.flag("core"),
        kill=node.text("kill"),
        saw=saw,
        claims=claims,
    )


def _words(node: Node, without: Iterable[str] = ()) -> Iterable[tuple[str, tuple[Value, ...]]]:
    for word in node.mapping:
        if word not in without:
            if not WORD.fullmatch(word):
                raise PlanError(f"{node.where}: {word!r} is no word", hint="lower case, digits, underscores")
            yield word, node.values(word)


def _claim(node: Node, saw: Mapping[str, tuple[Value, ...]]) -> Claim:
    words = dict(_words(node, CONDITIONS))
    if not words:
        raise PlanError(f"{node.where}: claims nothing")
    for word, values in words.items():
        for value in values:
            if value not in saw.get(word, ()):
                raise PlanError(f"{node.where}: {word}: {value} is not among the foreseen values", hint="add it to saw")
    since, until = _points(node, "since"), _points(node, "until")
    return Claim(words, since, until, node.texts("arch"))


def _points(node: Node, key: str) -> tuple[str, ...]:
    points = node.texts(key)
    for point in points:
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)+", point):
            raise PlanError(f"{node.where}: {key}: {point!r} is no kernel version", hint="such as 6.12 or 6.12.117")
    return points


def _known(node: Node) -> Known:
    node.only(KNOWN_KEYS)
    return Known(
        id=node.text("id", needed=True),
        what=node.text("what", needed=True),
        origin=node.text("origin", needed=True),
        since=_points(node, "since"),
        arch=node.texts("arch"),
        config=node.text("config"),
        probes=node.texts("probes") or ("*",),
        words=node.texts("words") or ("*",),
        values=node.texts("values") or ("*",),
    )
