"""Reads each format back as its consumers do: for each cell and probe the outcome and the words.

A reader takes the texts by path and returns {(cell, probe): Seen}; what it cannot read is an assertion.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator
from junitparser import Error, Failure, JUnitXml, Skipped
from kcidb_io.schema import V5_3
from tap.parser import Parser

from farm.export.squad import identifier
from farm.results.formats import LINE_LIMIT
from farm.settings import ROOT

SCHEMA = json.loads((ROOT / "docs" / "schema" / "compat.schema.json").read_text(encoding="utf-8"))
Value = str | int

csv.field_size_limit(4 * LINE_LIMIT)  # a text of the longest line, each character an escape


@dataclass(frozen=True)
class Seen:
    """What a consumer learns of one probe in one cell; words is None in a format that has none."""

    outcome: str
    words: Mapping[str, Value] = field(default_factory=dict)


Read = dict[tuple[str, str], Seen]


def unescaped(text: str) -> str:
    r"""Undo what farm.export.rows.escaped, KTAP and CSV escape: \xNN, \uNNNN, \UNNNNNNNN, \n, \r, \t and \\."""

    def one(found: re.Match[str]) -> str:
        name = found.group(1)
        short = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}
        return short.get(name) or chr(int(name[1:], 16))

    return re.sub(r"\\(\\|n|r|t|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})", one, text)


def number_or_text(text: str) -> Value:
    return int(text) if re.fullmatch(r"-?\d+", text) else text


def read_ktap(texts: Mapping[str, str]) -> Read:
    found: Read = {}
    for path, text in texts.items():
        lines = text.split("\n")
        assert lines[0] == "KTAP version 1"
        assert lines.pop() == ""
        parsed = list(Parser().parse_text("\n".join(lines[1:])))
        assert parsed[0].category == "plan"
        assert {"plan", "diagnostic", "test"} >= {one.category for one in parsed}
        tests = [one for one in parsed if one.category == "test"]
        assert list(range(1, parsed[0].expected_tests + 1)) == [one.number for one in tests]
        for one in tests:
            assert not one.todo
            assert re.fullmatch(r"[a-z0-9_.]+", one.description)
            said = one.directive.text or ""
            assert "#" not in said
            outcome = "skip" if one.skip else "ok" if one.ok else "not ok"
            if directive := re.match(r"(TIMEOUT|ERROR) ", said):
                outcome = f"not ok {directive.group(1)}"
            words = re.findall(r'(?:^| )(\w+)=("[^"]*"|[^ "]+)(?= |$)', said)
            seen = {word: unescaped(value[1:-1]) if value[0] == '"' else number_or_text(value) for word, value in words}
            reason = one.skip or directive or said.startswith("died: ")
            found[path.removesuffix(".ktap"), one.description] = Seen(outcome, {} if reason else seen)
    return found


def read_junit(texts: Mapping[str, str]) -> Read:
    (text,) = texts.values()
    found: Read = {}
    for suite in JUnitXml.fromstring(text.encode()):
        outcomes = []
        for case in suite:
            results = [type(one) for one in case.result]
            assert len(results) <= 1
            names = {Failure: "failure", Error: "error", Skipped: "skipped"}
            outcomes.append(names[results[0]] if results else "passed")
            *words, page = (case.system_out or "").split("\n")
            assert page.endswith(f"#{case.classname}.{case.name}")
            pairs = [word.partition("=") for word in words if re.match(r"\w+=", word)]
            seen = {word: unescaped(value) for word, _, value in pairs}
            found[suite.name, f"{case.classname}.{case.name}"] = Seen(outcomes[-1], seen)
        counts = suite.tests, suite.failures, suite.errors, suite.skipped
        assert counts == (len(outcomes), *(outcomes.count(name) for name in ("failure", "error", "skipped")))
    return found


def plain(words: Mapping[str, Value]) -> dict[str, Value]:
    return {word: unescaped(value) if isinstance(value, str) else value for word, value in words.items()}


def read_kcidb(texts: Mapping[str, str]) -> Read:
    (text,) = texts.values()
    report = V5_3.validate_exactly(json.loads(text))
    builds = {build["id"]: build for build in report["builds"]}
    checkouts = {checkout["id"] for checkout in report["checkouts"]}
    assert {build["checkout_id"] for build in builds.values()} == checkouts
    assert len({test["id"] for test in report["tests"]}) == len(report["tests"])
    found: Read = {}
    for test in report["tests"]:
        assert test["build_id"] in builds
        cell = test["id"].partition(":")[2].rpartition("/")[0]
        found[cell, test["path"].partition(".")[2]] = Seen(test["status"], plain(test["misc"]["saw"]))
    return found


def read_squad(texts: Mapping[str, str]) -> Read:
    found: Read = {}
    for path, text in texts.items():
        build, environment, name = path.split("/")
        assert re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*", build)
        assert re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*", environment)
        if name == "metadata.json":
            assert {str} == {type(value) for value in json.loads(text).values()}
            continue
        metadata = json.loads(texts[f"{build}/{environment}/metadata.json"])
        cell = f"{metadata['kernel']}/{metadata['arch']}/{metadata['variant']}"
        assert identifier(metadata["kernel"]) == build
        for test, one in json.loads(text).items():
            suite, _, short = test.partition("/")
            assert "/" not in short
            found[cell, f"{suite}.{short}"] = Seen(one["result"])
    return found


def read_csv(texts: Mapping[str, str]) -> Read:
    (text,) = texts.values()
    assert text.count("\n") == text.count("\r\n")
    assert not re.search("[\0-\x09\x0b\x0c\x0e-\x1f]", text)
    found: dict[tuple[str, str], tuple[str, dict[str, Value]]] = {}
    for row in csv.DictReader(io.StringIO(text, newline=""), strict=True):
        assert not any(value[:1] in {"=", "@"} for value in row.values())
        key = f"{row['kernel']}/{row['arch']}/{row['variant']}", row["probe"]
        words = found.setdefault(key, (row["status"], {}))[1]
        if row["word"]:
            words[row["word"]] = int(row["value"]) if row["type"] == "number" else unescaped(row["value"])
    return {key: Seen(*one) for key, one in found.items()}


def read_bcd(texts: Mapping[str, str]) -> Read:
    """Walk each place's kernels through the ranges: a statement holds from its first version to its last."""
    (text,) = texts.values()
    data = json.loads(text)
    Draft202012Validator(SCHEMA).validate(data)
    found: Read = {}
    for behaviour, about in data["behaviours"].items():
        for short, probe in about["probes"].items():
            for place, verdicts in probe["verdicts"].items():
                kernels = data["places"][place]["kernels"]
                for kernel, verdict in at_each(data, kernels, verdicts, "verdict").items():
                    words: dict[str, Value] = {}
                    for word, by_place in probe["words"].items():
                        value = at_each(data, kernels, by_place.get(place, []), "value").get(kernel)
                        words |= {} if value is None else {word: unescaped(value) if type(value) is str else value}
                    cell = "/".join((kernel, *place.split("/")[:2]))
                    found[cell, f"{behaviour}.{short}"] = Seen(verdict, words)
            for place, missing in probe["missing"].items():
                for kernel in missing:
                    cell = "/".join((kernel, *place.split("/")[:2]))
                    assert (cell, f"{behaviour}.{short}") not in found
                    found[cell, f"{behaviour}.{short}"] = Seen("missing")
    return found


def at_each(data: dict[str, Any], kernels: list[str], statements: list[dict[str, Any]], what: str) -> dict[str, Any]:
    versions = [data["kernels"][kernel]["version"] for kernel in kernels]
    found: dict[str, Any] = {}
    for one in statements:
        first = versions.index(one["version_added"].removeprefix("≤"))
        last = versions.index(one["version_last"])
        for kernel in kernels[first : last + 1]:
            assert kernel not in found
            found[kernel] = one[what]
    return found


READERS: Mapping[str, Callable[[Mapping[str, str]], Read]] = {
    "bcd": read_bcd,
    "csv": read_csv,
    "junit": read_junit,
    "kcidb": read_kcidb,
    "ktap": read_ktap,
    "squad": read_squad,
}
