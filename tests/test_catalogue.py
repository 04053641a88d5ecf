"""The catalogue's loader is strict, and the project's own catalogue keeps its rules."""

import csv
import re
from pathlib import Path

import pytest

from farm import catalogue
from farm.catalogue import Catalogue, since_holds
from farm.errors import PlanError

PROBE = """
behaviours:
  mmap.create_vma:
    listed: true
    says: mmap makes a mapping.
    probes:
      anonymous:
        says: It reads as zeroes.
        source: [mmap(2)]
        saw: {mmap: [ok, EINVAL], pages: [4], locked: [yes, no]}
        claim: [{since: 5.10, mmap: ok, pages: 4, locked: yes}]
"""


def load(folder: Path, text: str, name: str = "mmap") -> Catalogue:
    (folder / f"{name}.yaml").write_text(text)
    return catalogue.load(folder)


@pytest.fixture(scope="module")
def own() -> Catalogue:
    return catalogue.load()


def test_values_are_texts_or_whole_numbers_and_nothing_that_yaml_makes_of_them(tmp_path: Path) -> None:
    probe = load(tmp_path, PROBE).probes["mmap.create_vma.anonymous"]
    assert probe.saw == {"mmap": ("ok", "EINVAL"), "pages": (4,), "locked": ("yes", "no")}
    assert probe.claims[0].since == ("5.10",)
    assert probe.claims[0].words == {"mmap": ("ok",), "pages": (4,), "locked": ("yes",)}


def test_a_probe_knows_its_behaviour_and_its_family(tmp_path: Path) -> None:
    found = load(tmp_path, PROBE, "mmap_basics")
    probe = found.probes["mmap.create_vma.anonymous"]
    assert (probe.behaviour, probe.family) == ("mmap.create_vma", "mmap_basics")
    assert found.behaviours["mmap.create_vma"].probes == ("mmap.create_vma.anonymous",)
    assert found.families == {"mmap_basics": ("mmap.create_vma.anonymous",)}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("source:", "sauce:", "unknown key 'sauce' (the nearest known one is 'source')"),
        ("listed: true", "listed: maybe", "listed is 'maybe'"),
        ("source:", "kill: during\n        source:", "kill is 'during' (before or after)"),
        ("mmap: ok, pages", "mmap: EPERM, pages", "EPERM is not among the foreseen values"),
        ("since: 5.10", "since: lately", "'lately' is no kernel version"),
        ("says: It reads as zeroes.", "says:", "says is missing"),
        ("anonymous:", "Anonymous:", "'Anonymous' is no name of a probe"),
        ("anonymous:", "two__parts:", "'two__parts' is no name of a probe"),
        ("mmap.create_vma:", "create_vma:", "'create_vma' is no behaviour"),
        ("{since: 5.10, mmap: ok, pages: 4, locked: yes}", "{since: 5.10}", "claims nothing"),
        ("mmap: [ok, EINVAL]", "Mmap: [ok, EINVAL]", "'Mmap' is no word"),
        ("pages: [4]", "pages: []", "pages has no value"),
        ("    listed: true", "    listed: true\n    listed: true", "listed is there twice"),
        ("behaviours:", "behaviors:", "the nearest known one is 'behaviours'"),
        ("says: mmap", "says: [", "while parsing"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(PlanError, match=re.escape(message)):
        load(tmp_path, PROBE.replace(old, new, 1))


def test_an_id_may_stand_in_one_file_only(tmp_path: Path) -> None:
    load(tmp_path, PROBE, "first")
    with pytest.raises(PlanError, match="is there twice"):
        load(tmp_path, PROBE, "second")


def test_known_changes_are_read_with_their_globs(tmp_path: Path) -> None:
    text = "explains:\n  - {id: a, what: brk answers, since: 7.2, origin: brk(2), probes: [brk.*]}\n"
    known = load(tmp_path, text).known[0]
    assert (known.since, known.probes, known.words) == (("7.2",), ("brk.*",), ("*",))


@pytest.mark.parametrize(
    ("points", "version", "expected"),
    [
        (["6.12"], "6.12.117-1", True),
        (["6.12"], "6.1.192-1", False),
        (["5.7"], "5.10.262-1", True),
        (["7.2", "6.12.117", "6.1.192"], "7.3.4-1~bpo13+1", True),
        (["7.2", "6.12.117", "6.1.192"], "6.12.117-1", True),
        (["7.2", "6.12.117", "6.1.192"], "6.12.107-1", False),
        (["7.2", "6.12.117", "6.1.192"], "6.18.15-1", False),
        (["7.2", "6.12.117", "6.1.192"], "6.1.192-1", True),
        (["7.2", "6.12.117", "6.1.192"], "5.10.262-1", False),
        (["7.2", "6.12"], "6.12.3-1", True),
    ],
)
def test_a_point_of_a_stable_branch_holds_for_that_branch_only(points: list[str], version: str, expected: bool) -> None:
    assert since_holds(points, version) == expected


def test_a_claim_applies_between_since_and_until_and_on_its_architectures() -> None:
    claim = catalogue.Claim({"mmap": ("ok",)}, since=("6.1",), until=("6.12",), arch=("arm64",))
    asked = [("5.10.1-1", "arm64"), ("6.1.1-1", "arm64"), ("6.12.1-1", "arm64"), ("6.1.1-1", "x86_64")]
    assert [claim.applies(*one) for one in asked] == [False, True, False, False]


def test_a_variant_runs_what_needs_its_words_and_the_core_and_the_base_runs_all(tmp_path: Path) -> None:
    rows = {"plain": "", "core": "core: true", "huge": "needs: [hugetlb, ext4]", "disk": "needs: [ext4]"}
    text = "behaviours:\n  a.b:\n    says: x\n    probes:\n"
    text += "".join(f"      {name}:\n        says: x\n        {more}\n" for name, more in rows.items())
    found = load(tmp_path, text)
    assert found.selection(frozenset({"hugetlb", "ext4"}), base=False) == ("a.b.core", "a.b.huge")
    assert found.selection(frozenset({"ext4"}), base=True) == ("a.b.core", "a.b.disk", "a.b.huge", "a.b.plain")
    assert len(found.selection(frozenset(), base=False, everything=True)) == 4


def table() -> list[dict[str, str]]:
    with (Path(__file__).parent / "data" / "behaviours.tsv").open() as file:
        return [{key: value or "" for key, value in row.items()} for row in csv.DictReader(file, delimiter="\t")]


ROWS = [row for row in table() if row["syscall"] in {"mmap", "munmap", "mremap", "mprotect"}]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['syscall']}.{row['behaviour']}")
def test_the_rows_of_the_table_are_in_the_catalogue_word_for_word(own: Catalogue, row: dict[str, str]) -> None:
    found = own.behaviours[f"{row['syscall']}.{row['behaviour']}"]
    stated = (found.listed, found.condition, found.constraint, found.remark)
    assert stated == (True, row["condition"], row["constraint"], row["remark"])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['syscall']}.{row['behaviour']}")
def test_every_row_of_the_table_has_probes_and_every_one_with_a_constraint_several(
    own: Catalogue, row: dict[str, str]
) -> None:
    assert len(own.behaviours[f"{row['syscall']}.{row['behaviour']}"].probes) >= (4 if row["constraint"] else 3)


def test_every_probe_foresees_what_it_may_see(own: Catalogue) -> None:
    poor = [probe.id for probe in own.probes.values() if not probe.saw and not probe.behaviour.startswith("sweep.")]
    assert poor == []


def test_what_is_asked_after_a_kill_is_prepared_before_it_and_needs_images_that_outlive_a_guest(own: Catalogue) -> None:
    over = [probe for probe in own.probes.values() if probe.kill]
    families = {when: {probe.family for probe in over if probe.kill == when} for when in ("before", "after")}
    assert families["before"] == families["after"] != set()
    assert [] == [probe.id for probe in over if "kept" not in probe.needs]
