"""The README is true: its commands are understood, its files are there, its limits are the code's."""

from __future__ import annotations

import re
import shlex

import pytest
import yaml
from invoke.parser import Parser

from farm.commands import host
from farm.program import Farm
from farm.settings import ROOT
from farm.variants import VARIANTS

README = (ROOT / "README.md").read_text(encoding="utf-8")
TESTS = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
PUBLISH = (ROOT / "docs" / "publish.md").read_text(encoding="utf-8")
JOB = (ROOT / "docs" / "publish.yml").read_text(encoding="utf-8")
COMMAND = re.compile(r"^ *(?:- run: )?(\./inv [a-z][^#|\n]*?)\s*(?:\|\|.*|#.*)?$", re.MULTILINE)
COMMANDS = sorted(set(COMMAND.findall(README + TESTS + PUBLISH + JOB)))


def understood(line: str) -> object:
    """Parse a command line as the program does."""
    program = Farm(name="inv", binary="inv")
    program.create_config()
    program.parse_core(["inv"])
    program.parse_collection()
    words = program.named(shlex.split(line)[1:])
    return Parser(contexts=program.collection.to_contexts(), ignore_unknown=False).parse_argv(words)


def test_commands_are_found_in_the_readme() -> None:
    assert len(COMMANDS) > 10


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_is_one_that_the_program_understands(line: str) -> None:
    assert understood(line)


def test_the_job_that_publishes_is_a_schedule_with_steps() -> None:
    job = yaml.safe_load(JOB)
    assert "cron" in job[True]["schedule"][0]  # YAML reads the word `on` as true
    assert [step for step in job["jobs"]["publish"]["steps"] if "./inv publish" in step.get("run", "")]


LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#:]+)\)")
LINKS = sorted({("", one) for one in LINK.findall(README)} | {("tests", one) for one in LINK.findall(TESTS)})


@pytest.mark.parametrize(("folder", "target"), LINKS)
def test_a_link_leads_to_a_file(folder: str, target: str) -> None:
    assert (ROOT / folder / target).exists()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:farm|guest|tests|images|docs)/[\w./-]*)`", README))))
def test_a_path_of_the_readme_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"FARM_[A-Z]+", README))))
def test_a_setting_of_the_readme_is_read_by_the_code(name: str) -> None:
    assert any(name in path.read_text(encoding="utf-8") for path in (ROOT / "farm").rglob("*.py"))


def test_the_variants_of_the_default_matrix_are_explained() -> None:
    row = next(line for line in README.splitlines() if line.startswith("| variant |"))
    assert set(re.findall(r"`([a-z0-9-]+)`", row)) <= set(VARIANTS)


def test_how_to_add_something_is_short() -> None:
    section = README.split("## Add something")[1].split("\n## ")[0]
    for part in re.split(r"^\*\*A", section, flags=re.MULTILINE)[1:]:
        prose = re.sub(r"```.*?```", "", part, flags=re.DOTALL)
        assert len([line for line in prose.splitlines() if line.strip()]) <= 10


def test_the_disk_that_is_announced_is_the_one_that_doctor_checks() -> None:
    assert f"{host.CACHE_BYTES / 1e9:.0f} GB in `~/.cache/memory-farm`" in README
    assert f"about {host.CACHE_BYTES / 1e9:.0f} GB more" in (ROOT / "inv").read_text(encoding="utf-8")
