"""What is generated from the catalogue, and what a change of a file makes anew."""

import shutil
from pathlib import Path

import pytest

from farm import build, catalogue
from farm.catalogue import GUEST, Catalogue

ROW = "behaviours:\n  {0}.b:\n    says: x\n    probes:\n      one: {{says: x, needs: [ext4, dax]}}\n"


@pytest.fixture
def guest(tmp_path: Path) -> Path:
    """Return a small guest folder: two families, a library, a table."""
    for folder in ("lib", "tables", "probes", "catalogue"):
        (tmp_path / folder).mkdir()
    for family in ("a", "c"):
        (tmp_path / "catalogue" / f"{family}.yaml").write_text(ROW.format(family))
        (tmp_path / "probes" / f"{family}.c").write_text(f"PROBE({family}__b__one) {{}}\n")
    (tmp_path / "lib" / "say.c").write_text("int x;\n")
    (tmp_path / "lib" / "probe.h").write_text("/* */\n")
    (tmp_path / "tables" / "errnos.def").write_text("ERRNO(EPERM)\n")
    return tmp_path


def digests(guest: Path) -> dict[str, str]:
    return build.family_digests(catalogue.load(guest / "catalogue"), guest)


def test_a_familys_header_has_a_prototype_for_each_of_its_probes(guest: Path) -> None:
    found = catalogue.load(guest / "catalogue")
    assert build.header(found.families["a"]).splitlines()[-1] == "void probe_a__b__one(void);"


def test_the_registry_ties_id_function_and_needs_together(guest: Path) -> None:
    text = build.registry(catalogue.load(guest / "catalogue").probes.values())
    assert '\t{"a.b.one", probe_a__b__one, "ext4 dax"},' in text.splitlines()


@pytest.mark.parametrize(
    ("path", "old", "new"), [("probes/a.c", "{}", "{ }"), ("catalogue/a.yaml", "dax]", "dax, swap]")]
)
def test_a_change_in_one_family_changes_its_digest_alone(guest: Path, path: str, old: str, new: str) -> None:
    before = digests(guest)
    (guest / path).write_text((guest / path).read_text().replace(old, new))
    after = digests(guest)
    assert (before["a"] != after["a"], before["c"] == after["c"]) == (True, True)


def test_a_claim_put_into_better_words_makes_no_answer_stale(guest: Path) -> None:
    before = digests(guest)
    path = guest / "catalogue" / "a.yaml"
    path.write_text(path.read_text().replace("says: x", "says: y"))
    assert before == digests(guest)


@pytest.mark.parametrize("path", ["lib/say.c", "lib/probe.h", "tables/errnos.def"])
def test_a_change_of_the_library_or_a_table_changes_every_digest(guest: Path, path: str) -> None:
    before = digests(guest)
    (guest / path).write_text((guest / path).read_text() + "\n")
    assert not set(before.values()) & set(digests(guest).values())


def test_another_compiler_changes_every_digest(guest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests(guest)
    monkeypatch.setattr(build, "compiler_version", lambda: "0.0.0")
    assert not set(before.values()) & set(digests(guest).values())


def test_a_renamed_file_of_the_library_is_a_change(guest: Path) -> None:
    before = digests(guest)
    (guest / "lib" / "say.c").rename(guest / "lib" / "said.c")
    assert before != digests(guest)


def test_every_family_of_the_project_has_its_c_file() -> None:
    found: Catalogue = catalogue.load()
    lacking = [
        name for name, probes in found.families.items() if probes and not (GUEST / "probes" / f"{name}.c").exists()
    ]
    assert lacking == []


def test_the_order_in_which_files_were_written_does_not_matter(
    guest: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other") / "guest"
    shutil.copytree(guest, other)
    assert digests(guest) == digests(other)
