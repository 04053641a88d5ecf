"""matrix.yaml, read strictly: every key and name is known, or an error that says where and names the nearest one."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from farm.arches import ARCHES
from farm.errors import PlanError
from farm.settings import ROOT
from farm.sources.index import Suite
from farm.variants import VARIANTS

PATH = ROOT / "matrix.yaml"
AREAS = ("main", "security")
JOBS_LIMIT = 256


@dataclass(frozen=True, slots=True)
class Matrix:
    """What matrix.yaml asks for; names are checked, kernels not yet (the lock knows them).

    `flavours` is empty where each architecture's own is meant; `jobs` is None for one guest per CPU.
    """

    path: Path
    kernels: tuple[str, ...]
    arches: tuple[str, ...]
    variants: tuple[str, ...]
    suites: tuple[Suite, ...]
    flavours: tuple[str, ...] = ()
    mirror: tuple[str, ...] = ()
    results: Path = ROOT / "results"
    jobs: int | None = None


def unknown(what: str, word: str, known: Collection[str], where: str) -> PlanError:
    """Return the error of one line for a word that is none of `known`."""
    nearest = difflib.get_close_matches(word, known, n=1, cutoff=0.0)
    return PlanError(f"{where}: unknown {what} {word!r}", hint=f"did you mean {nearest[0]}?" if nearest else "")


def read(path: Path = PATH) -> Matrix:
    """Read a matrix file; PlanError with file and line where it is not exactly as it should be."""
    try:
        text = path.read_text(encoding="utf-8")
        # Composed, not loaded: nodes know their lines, twice the same key is seen, and 5.10 stays text.
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except OSError as error:
        raise PlanError(f"{path}: {error.strerror}", hint="--matrix names another file") from error
    except UnicodeDecodeError as error:
        raise PlanError(f"{path}: not UTF-8") from error
    except yaml.YAMLError as error:
        raise PlanError(f"{path.name}: not YAML: {' '.join(str(error).split())}") from error
    if root is None:
        raise PlanError(f"{path.name}: empty", hint="it needs kernels, arches, variants and suites")
    return _Reader(path).matrix(root)


class _Reader:
    """Turns the nodes of one file into values; knows the file's name for its errors."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def matrix(self, root: yaml.Node) -> Matrix:
        readers: Mapping[str, Callable[[yaml.Node], object]] = {
            "kernels": self.words,
            "arches": lambda node: self.words(node, "architecture", ARCHES),
            "variants": lambda node: self.words(node, "variant", VARIANTS),
            "suites": lambda node: tuple(self.suite(item) for item in self.items(node)),
            "flavours": self.words,
            "mirror": self.mirrors,
            "results": lambda node: self.path.resolve().parent / self.word(node),
            "jobs": self.jobs,
        }
        fields = self.fields(root, tuple(readers), needed=("kernels", "arches", "variants", "suites"))
        return Matrix(self.path, **{key: readers[key](node) for key, node in fields.items()})  # type: ignore[arg-type]

    def where(self, node: yaml.Node) -> str:
        return f"{self.path.name}:{node.start_mark.line + 1}"

    def fields(self, node: yaml.Node, known: Collection[str], needed: Collection[str]) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise PlanError(f"{self.where(node)}: `key: value` is expected here")
        found: dict[str, yaml.Node] = {}
        for key_node, value in node.value:
            key = self.word(key_node)
            if key not in known:
                raise unknown("key", key, known, self.where(key_node))
            if key in found:
                raise PlanError(f"{self.where(key_node)}: {key!r} stands here twice")
            found[key] = value
        missing = [key for key in needed if key not in found]
        if missing:
            raise PlanError(f"{self.where(node)}: {missing[0]!r} is missing")
        return found

    def word(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise PlanError(f"{self.where(node)}: one word is expected here")
        return str(node.value)

    def items(self, node: yaml.Node) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            raise PlanError(f"{self.where(node)}: a list is expected here: [one, another]")
        return list(node.value)

    def words(self, node: yaml.Node, what: str = "", known: Collection[str] = ()) -> tuple[str, ...]:
        found: list[str] = []
        for item in self.items(node):
            word = self.word(item)
            if known and word not in known:
                raise unknown(what, word, known, self.where(item))
            if word in found:
                raise PlanError(f"{self.where(item)}: {word!r} stands here twice")
            found.append(word)
        return tuple(found)

    def mirrors(self, node: yaml.Node) -> tuple[str, ...]:
        return self.words(node) if isinstance(node, yaml.SequenceNode) else tuple(self.word(node).split())

    def suite(self, node: yaml.Node) -> Suite:
        fields = {key: self.word(of) for key, of in self.fields(node, ("suite", "area", "expired"), ("suite",)).items()}
        if fields.get("area", "main") not in AREAS:
            raise unknown("area", fields["area"], AREAS, self.where(node))
        if fields.get("expired", "accept") != "accept":
            raise unknown("value of expired", fields["expired"], ("accept",), self.where(node))
        return Suite(**fields)

    def jobs(self, node: yaml.Node) -> int:
        word = self.word(node)
        return as_jobs(word, self.where(node))


def as_jobs(word: str, where: str) -> int:
    """Return a number of guests at a time, 1 to 256."""
    if not word.isascii() or not word.isdigit() or not 1 <= int(word) <= JOBS_LIMIT:
        raise PlanError(f"{where}: jobs must be a number from 1 to {JOBS_LIMIT}, not {word!r}")
    return int(word)
