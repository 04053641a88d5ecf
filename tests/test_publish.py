"""Publishing: site and data in one folder, a manifest with digests, and only what changed is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from farm import results
from farm.catalogue import load
from farm.commands.publishing import publish_results
from farm.errors import PlanError
from farm.files import sha256_of
from farm.publish import Options, Published, publish
from tests.made_up import Shape, catalogue_files, info, kernel, made_up_records, record, write_all

SHAPE = Shape(versions=("6.12.117-1", "7.3.4-1"), arches=("x86_64",), variants=("plain",), behaviours=1, probes=2)
CHANGED = info(kernel("6.12.117-1"))


@pytest.fixture(scope="module")
def catalogue_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogue")
    for name, text in catalogue_files(SHAPE).items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_all(tmp_path / "results", SHAPE)


def published(root: Path, folder: Path, *formats: str) -> Published:
    return publish(root, load(folder), root.with_name("out"), Options(formats or ("bcd",)))


def manifest(root: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((root.with_name("out") / "manifest.json").read_text())
    return found


def files(root: Path) -> dict[str, int]:
    out = root.with_name("out")
    return {str(path.relative_to(out)): path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}


def test_the_manifest_has_the_digest_of_every_file(root: Path, catalogue_folder: Path) -> None:
    found = published(root, catalogue_folder)
    out = root.with_name("out")
    assert {path: sha256_of(out / path) for path in files(root) if path != "manifest.json"} == manifest(root)
    assert {"index.html", "data/LICENSE", "data/compat.schema.json"} <= manifest(root).keys()
    assert any(path.startswith("data/bcd/") for path in manifest(root))
    assert (found.files, found.files, 0) == (len(files(root)), found.written, found.removed)


def test_publishing_again_touches_nothing(root: Path, catalogue_folder: Path) -> None:
    published(root, catalogue_folder)
    before = files(root)
    assert 0 == published(root, catalogue_folder).written
    assert before == files(root)


def test_one_changed_cell_rewrites_what_shows_it_and_no_more(root: Path, catalogue_folder: Path) -> None:
    published(root, catalogue_folder)
    before = files(root)
    answers = [record("brk.behaviour_0.probe_0", brk="EACCES"), record("brk.behaviour_0.probe_1", brk="EACCES")]
    others = [one for one in made_up_records(SHAPE, 0, ("x86_64", "plain")) if not one.probe.startswith("brk.")]
    results.write(root, CHANGED, [*answers, *others], replace_answer=True)
    found = published(root, catalogue_folder)
    touched = {path for path, stamp in files(root).items() if before.get(path) != stamp}
    assert found.written == len(touched)
    assert {"index.html", "manifest.json", "behaviour/brk.behaviour_0.html"} <= touched
    assert touched.isdisjoint({"style.css", "data/LICENSE", f"kernel/{kernel('7.3.4-1').name}.html"})


def test_files_of_an_earlier_publication_go_and_others_stay(root: Path, catalogue_folder: Path) -> None:
    published(root, catalogue_folder, "bcd", "csv")
    theirs = root.with_name("out") / "data" / "theirs.txt"
    theirs.write_text("not ours")
    gone = {path for path in manifest(root) if path.startswith("data/csv/")}
    found = published(root, catalogue_folder, "bcd")
    assert (len(gone), True) == (found.removed, bool(gone))
    assert gone.isdisjoint(files(root))
    assert theirs.read_text() == "not ours"


def test_a_site_of_somebody_else_is_not_overwritten(root: Path, catalogue_folder: Path) -> None:
    out = root.with_name("out")
    out.mkdir()
    (out / "index.html").write_text("my home page")
    with pytest.raises(PlanError, match="not published from here"):
        published(root, catalogue_folder)
    assert (out / "index.html").read_text() == "my home page"


def test_the_command_says_what_it_wrote(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = root.with_name("out")
    assert 0 == publish_results(str(out), folder=str(root))
    said = capsys.readouterr().out
    assert f"published: {(out / 'index.html').as_uri()}\n" in said
    assert " written, 0 removed" in said


def test_results_that_cannot_be_read_are_named_and_the_rest_is_published(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / CHANGED.name / "cell.json").write_text("{}")
    assert 2 == publish_results(str(root.with_name("out")), folder=str(root))
    assert f"cannot be read: {CHANGED.name}: " in capsys.readouterr().out


def test_a_format_that_there_is_not_is_refused(root: Path) -> None:
    with pytest.raises(PlanError, match="--data: unknown format 'xlsx'"):
        publish_results(str(root.with_name("out")), folder=str(root), data="bcd,xlsx")
