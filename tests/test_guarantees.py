"""GUARANTEES.md: the tests it names are there, and each promise has one that fails when the promise is broken."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from farm.settings import ROOT

TEXT = (ROOT / "GUARANTEES.md").read_text(encoding="utf-8").partition("\n# What is not promised")[0]
PROMISES = {part.partition("\n")[0]: re.findall(r"^- `(.+)`$", part, re.MULTILINE) for part in TEXT.split("\n## ")[1:]}


class Breach(NamedTuple):
    """A change of the farm's own text that breaks a promise, and the test, one that the promise names, to see it."""

    promise: str
    file: str
    old: str
    new: str
    test: str


BREACHES = (
    Breach(
        "Nothing finished is lost",
        "farm/results/writer.py",
        "if info.answered or replace_answer or not _is_answered(place):",
        "if True:",
        "tests/test_fleet.py::test_a_failed_rerun_leaves_the_answer_that_was_there",
    ),
    Breach(
        "One failure costs one cell, and inside a cell one probe",
        "farm/check.py",
        "        outcome.records[message.probe] = message\n",
        "        outcome.records = {message.probe: message} if message.probe.endswith('two') else {}\n",
        "tests/test_check.py::test_what_was_answered_before_the_guest_was_lost_is_kept_and_the_probe_at_fault_is_named",
    ),
    Breach(
        'Missing is never "no change"',
        "farm/diff/compare.py",
        "missing.append(Missing(new.info.arch, new.info.variant, probe, why))",
        "pass",
        "tests/test_diff.py::test_a_probe_that_did_not_report_is_missing_on_that_side",
    ),
    Breach(
        "A failure of ours is no answer of a kernel",
        "farm/check.py",
        "Record(outcome.started, Ending.BROKEN, why=str(outcome.error))",
        "Record(outcome.started, Ending.DIED, why=str(outcome.error))",
        "tests/test_check.py::test_rubbish_is_our_own_fault_and_says_so",
    ),
    Breach(
        "The labelled kernel ran",
        "farm/guest.py",
        "if release != cell.kernel.release:",
        "if not release:",
        "tests/test_guest.py::test_another_kernel_than_the_labelled_one_is_refused_and_its_guest_ended",
    ),
    Breach(
        "Only bytes that somebody vouched for are run",
        "farm/store.py",
        "if found == wanted.sha256:",
        "if found:",
        "tests/test_store_answers.py::test_a_wrong_digest_names_both",
    ),
    Breach(
        "A package writes nothing outside of its folder",
        "farm/unpack.py",
        'if path.is_absolute() or ".." in path.parts or "\\0" in name:',
        'if "\\0" in name:',
        "tests/test_unpack.py::test_a_name_that_leads_out_is_refused",
    ),
    Breach(
        "A record is evidence",
        "farm/results/inputs.py",
        "    if whole := _whole_cell(info, wanted):\n",
        "    if whole := [one for one in _whole_cell(info, wanted) if 'digest' not in one]:\n",
        "tests/test_results_inputs.py::test_what_is_not_an_answer_any_more_says_which_input_changed",
    ),
    Breach(
        "What is committed can be made again",
        "farm/results/writer.py",
        "order = [by_probe[probe] for probe in sorted(by_probe)]",
        "order = list(by_probe.values())",
        "tests/test_results.py::test_the_same_records_give_the_same_bytes_in_any_order",
    ),
    Breach(
        "Nothing is left behind",
        "farm/fleet.py",
        "        results.clean(options.results)\n",
        "        pass\n",
        "tests/faults/test_killed.py::test_answers_that_were_being_replaced_when_the_farm_was_killed_are_whole",
    ),
    Breach(
        "The guest reaches nothing",
        "farm/qemu/argv.py",
        "restrict=on",
        "restrict=off",
        "tests/test_argv.py::test_the_guest_has_no_network_but_the_forwarded_port",
    ),
    Breach(
        "What a guest prints stays text",
        "farm/report/render.py",
        "autoescape=True",
        "autoescape=False",
        "tests/test_report_hostile.py::test_it_stays_text_in_every_field_of_every_page",
    ),
)


def functions(file: str) -> set[str]:
    """Return the names of a test module's functions."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("promise", PROMISES)
def test_every_promise_names_tests_that_are_there(promise: str) -> None:
    named = [test.partition("::") for test in PROMISES[promise]]
    assert named
    assert [] == [f"{file}::{name}" for file, _, name in named if name not in functions(file)]


def test_every_promise_is_broken_on_purpose_under_a_test_that_it_names() -> None:
    assert list(PROMISES) == [breach.promise for breach in BREACHES]
    assert [] == [breach.test for breach in BREACHES if breach.test not in PROMISES[breach.promise]]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what the tests need; the results are not among it."""
    place = tmp_path_factory.mktemp("broken") / "farm"
    skipped = shutil.ignore_patterns("results", "report", "build", "docs", ".*", "__pycache__")
    # Only at the top: farm/ has folders of these names.
    shutil.copytree(ROOT, place, ignore=lambda folder, names: skipped(folder, names) if folder == str(ROOT) else [])
    return place


def judged(place: Path, test: str) -> int:
    """Return pytest's exit status for one test: 0 passed, 1 failed, others mean that it was not run."""
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "", "-x", test]
    return subprocess.run([sys.executable, "-B", *words], cwd=place, capture_output=True, check=False).returncode


@pytest.mark.long
@pytest.mark.parametrize("breach", BREACHES, ids=[breach.promise for breach in BREACHES])
def test_a_broken_promise_is_seen_by_its_test(copied: Path, breach: Breach) -> None:
    file = copied / breach.file
    text = file.read_text(encoding="utf-8")
    assert text.count(breach.old) == 1
    assert judged(copied, breach.test) == 0
    try:
        file.write_text(text.replace(breach.old, breach.new), encoding="utf-8")
        assert judged(copied, breach.test) == 1
    finally:
        file.write_text(text, encoding="utf-8")
