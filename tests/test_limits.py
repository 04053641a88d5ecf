"""The limits that keep the code liveable: sizes, who may import whom, and what no file may name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.run import run
from farm.settings import ROOT

MODULE_LINES = 300
FUNCTION_LINES = 40
TASK_LINES = 10

# The way of the data: a module may import what stands before it, nothing behind it.
STAGES = """
    errors types steps settings run visible files
    answers store unpack payload kernel_tree modules cpio pmem fdt
    sources lock
    arches variants kconfig
    catalogue_nodes catalogue_text catalogue matrix plan
    protocol session results merge
    build disks images qemu prepare
    load check guest asking cell runner errand cluster fleet
    judge diff bisect profile upgrade report export publish
    doctor lint program progress commands
""".split()  # noqa: SIM905 - a table

# Each of these libraries lives in one place, so that there is one place that knows its traps.
HOMES = {
    "subprocess": {"farm/run.py", "farm/qemu/machine.py"},
    "paramiko": {"farm/session.py"},
    "requests": {"farm/store.py"},
    "urllib3": {"farm/store.py"},
}

# Written so that this file does not contain what it looks for.
FORBIDDEN = {
    "the host of a mirror or package index": re.compile(
        r"\b(?:deb|ftp\d?|security|archive|snapshot|mirrors?|httpredir|files|index)(?:\.[a-z0-9-]+)*"
        r"\.(?:debian|ubuntu|kernel|pypi|pythonhosted|fastly|azure|amazonaws)\.(?:org|com|net)\b",
        re.IGNORECASE,
    ),
    "the host of a package index": re.compile(r"\bpypi\.(?:org|python)|pythonhosted\.org"),
    "a path of one machine": re.compile(r"(?<![\w.])/(?:[h]ome/\w|[w]ork/|[t]mp/w/|[r]oot/\.|[o]pt/(?:wheels|pypi))"),
}

FARM = sorted((ROOT / "farm").rglob("*.py"))
PYTHON = [*FARM, *sorted((ROOT / "tests").rglob("*.py")), ROOT / "tasks.py"]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def imported(path: Path) -> Iterator[str]:
    """Yield the full names of the modules that a file imports, at whatever depth the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "farm":
            yield from (f"farm.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{named(path)}: imports are written in full"
            yield node.module or ""


@pytest.mark.parametrize("path", PYTHON, ids=named)
def test_a_module_fits_on_a_few_screens(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_LINES


@pytest.mark.parametrize("path", PYTHON, ids=named)
def test_a_function_fits_on_one_screen(path: Path) -> None:
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions(path)}
    assert {} == {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES}


def test_a_task_only_hands_over() -> None:
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions(ROOT / "tasks.py")}
    assert {} == {name: lines for name, lines in lengths.items() if lines > TASK_LINES}


@pytest.mark.parametrize("path", FARM, ids=named)
def test_a_stage_imports_only_from_stages_before_it(path: Path) -> None:
    stage = path.relative_to(ROOT / "farm").parts[0].removesuffix(".py")
    if stage == "__init__":
        return
    used = {name.split(".")[1] for name in imported(path) if name.startswith("farm.")} - {stage}
    assert used <= set(STAGES[: STAGES.index(stage)])


def test_every_stage_that_is_named_is_there() -> None:
    there = {path.relative_to(ROOT / "farm").parts[0].removesuffix(".py") for path in FARM} - {"__init__"}
    assert sorted(there) == sorted(STAGES)


@pytest.mark.parametrize("path", FARM, ids=named)
def test_a_library_with_traps_is_imported_in_one_place(path: Path) -> None:
    used = {name.split(".")[0] for name in imported(path)}
    assert set() == {library for library, homes in HOMES.items() if library in used and named(path) not in homes}


def texts() -> Iterator[tuple[str, str]]:
    """Yield name and text of every file that git knows, but for the results' large ones."""
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT).stdout
    for name in filter(None, listed.decode().split("\0")):
        path = ROOT / name
        if path.is_file() and (not name.startswith("results/") or path.name == "cell.json"):
            yield name, path.read_text(encoding="utf-8", errors="replace")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_no_file_names_a_mirror_or_a_path_of_one_machine() -> None:
    found = [
        f"{name}: {what}: {match.group()}"
        for name, text in texts()
        for what, pattern in FORBIDDEN.items()
        for match in pattern.finditer(text)
    ]
    assert [] == found


@pytest.mark.parametrize(
    "text",
    [
        "deb." + "debian.org/debian",
        "http://ftp." + "de.debian.org",
        "py" + "pi.org/simple",
        "/ho" + "me/anna/farm",
        "/ro" + "ot/.cache",
    ],
)
def test_the_patterns_find_what_they_are_for(text: str) -> None:
    assert any(pattern.search(text) for pattern in FORBIDDEN.values())
