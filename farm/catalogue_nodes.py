"""One mapping of a catalogue file, read strictly: every error says where it stands and what would be right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from farm.errors import PlanError

Value = str | int
NUMBER = re.compile(r"0|-?[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class Node:
    """A mapping of the file, and where it stands, so that every error says where."""

    value: object
    where: str

    @property
    def mapping(self) -> Mapping[str, object]:
        """Return its keys with what stands behind them; an empty place has none."""
        if self.value is None or self.value == "":
            return {}
        if not isinstance(self.value, dict):
            raise PlanError(f"{self.where}: expected keys with values, found {self.value!r}")
        return self.value

    def only(self, keys: Iterable[str]) -> None:
        """Raise unless every key is one of `keys`; the message names the nearest."""
        for key in self.mapping:
            if key not in keys:
                near = difflib.get_close_matches(key, keys, 1, 0)
                raise PlanError(f"{self.where}: unknown key {key!r}", hint=f"the nearest known one is {near[0]!r}")

    def children(self, key: str) -> list[tuple[str, Node]]:
        """Return the named mappings under `key`, each knowing where it stands."""
        inside = Node(self.mapping.get(key), f"{self.where}: {key}")
        return [(name, Node(each, f"{self.where}: {name}")) for name, each in inside.mapping.items()]

    def items(self, key: str) -> list[Node]:
        """Return the mappings of the list under `key`."""
        found = self.mapping.get(key) or []
        if not isinstance(found, list):
            raise PlanError(f"{self.where}: {key} is no list")
        return [Node(each, f"{self.where}: {key} {n}") for n, each in enumerate(found, 1)]

    def text(self, key: str, *, needed: bool = False) -> str:
        """Return the text under `key`, empty where there is none and none is needed."""
        found = self.mapping.get(key, "")
        if not isinstance(found, str) or (needed and not found):
            raise PlanError(f"{self.where}: {key} is {'missing' if found == '' else 'no text'}")
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the texts under `key`; a single one may stand without a list."""
        found = self.mapping.get(key, ())
        found = (found,) if isinstance(found, str) and found else found or ()
        if not isinstance(found, list | tuple) or not all(isinstance(each, str) for each in found):
            raise PlanError(f"{self.where}: {key} is no list of texts")
        return tuple(str(each) for each in found)

    def flag(self, key: str) -> bool:
        """Return whether `key` says true; false where it is not there."""
        found = self.mapping.get(key, "false")
        if found != "true" and found != "false":  # noqa: PLR1714 - what is found may not be hashable
            raise PlanError(f"{self.where}: {key} is {found!r}", hint="true or false")
        return found == "true"

    def values(self, key: str) -> tuple[Value, ...]:
        """Return the values under `key`, at least one; what is written like a number is one."""
        found = self.texts(key)
        if not found:
            raise PlanError(f"{self.where}: {key} has no value")
        return tuple(int(each) if NUMBER.fullmatch(each) else each for each in found)
