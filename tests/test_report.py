"""The site: every page is there, every link leads somewhere, and what is missing is shown with its reason."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest

from farm import report, results
from farm.arches import ARCHES
from farm.catalogue import Catalogue, load
from farm.diff import compare
from farm.errors import InfraError
from farm.report import programs
from farm.report.evidence import MAN_PAGES
from farm.types import Ending, Record
from tests.made_up import SERIES, Shape, catalogue_files, info, kernel, record, write_all
from tests.site_reader import Page, broken_links, read, read_site

SHAPE = Shape(behaviours=2, probes=2, kinds=3)
CALL = "mmap.behaviour_0"
FIRST, LAST = kernel(SERIES[0]).name, kernel(SERIES[-1]).name


def made_catalogue(folder: Path, shape: Shape = SHAPE) -> Catalogue:
    folder.mkdir(exist_ok=True)
    for name, text in catalogue_files(shape).items():
        (folder / name).write_text(text)
    return load(folder)


@dataclass(frozen=True)
class Made:
    """A rendered site."""

    root: Path
    out: Path
    catalogue: Catalogue
    pages: dict[str, Page]

    def text(self, path: str) -> str:
        return (self.out / path).read_text("utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("site")
    catalogue = made_catalogue(folder / "catalogue")
    root = write_all(folder / "results", SHAPE)
    generic = kernel(SERIES[2], flavour="generic")
    results.write(root, info(generic), [record(f"{CALL}.probe_0", mmap="ok")], config="CONFIG_PREEMPT=y\n")
    out = folder / "out"
    assert report.site(root, catalogue, out) == out / "index.html"
    return Made(root, out, catalogue, read_site(out))


def rendered(tmp_path: Path, *cells: tuple[results.CellInfo, list[Record]]) -> Made:
    root, out = tmp_path / "results", tmp_path / "out"
    for cell, records in cells:
        results.write(root, cell, records)
    catalogue = made_catalogue(tmp_path / "catalogue")
    report.site(root, catalogue, out)
    return Made(root, out, catalogue, read_site(out))


def test_pages_lie_at_paths_that_never_change(made: Made) -> None:
    pair = "diff/debian-6.1.192-1-cloud..debian-6.12.117-1-cloud.html"
    flavours = "diff/debian-6.12.117-1-cloud..debian-6.12.117-1-generic.html"
    expected = {"index.html", "sweeps.html", f"behaviour/{CALL}.html", "behaviour/sweep.madvise.html", pair, flavours}
    expected |= {f"kernel/{FIRST}.html", f"kernel/{LAST}.html"}
    expected |= {"matrix/x86_64-plain.html", "matrix/arm64-pmem-ext4.html", "arch/arm64.html", "arches/6.1.192.html"}
    expected |= {"upgrade.html", f"upgrade/redis/{FIRST}..{LAST}.html"}
    expected |= {"tracker.html", "timeline.html", "arches.html", "method.html"}
    expected |= {f"sweep/madvise/{LAST}/arm64-plain.html"}
    assert expected <= made.pages.keys()
    assert (made.out / "tracker.json").is_file()
    sweeps = len(SERIES) * 6 - 1
    # index and five overviews; behaviours; kernels; matrices; pairs; versions
    upgrades = 1 + 10 * len(programs.profiles())  # their list; five series make ten pairs
    assert len(made.pages) == upgrades + 6 + 17 + 6 + 6 + 5 + len(SERIES) + len(ARCHES) + sweeps


def test_every_link_leads_somewhere(made: Made) -> None:
    assert broken_links(made.out, made.pages) == []


def test_links_are_relative_so_that_the_site_works_anywhere(made: Made) -> None:
    links = {link for page in made.pages.values() for link in page.links}
    outside = {link for link in links if re.match(r"[a-z]+:|/", link)}
    assert outside  # man pages, and nothing else
    assert not [link for link in outside if not re.fullmatch(rf"{MAN_PAGES}[a-z_]+\.\d(#[A-Z0-9_]+)?", link)]


def test_ids_are_unique_on_a_page_and_headings_skip_no_level(made: Made) -> None:
    for path, page in made.pages.items():
        assert len(page.ids) == len(set(page.ids)), path
        assert page.headings[0] == "h1", path
        levels = [int(heading[1]) for heading in page.headings]
        assert all(after <= before + 1 for before, after in pairwise(levels)), path


def test_no_page_has_a_script_of_its_own_a_style_attribute_or_a_form(made: Made) -> None:
    for path, page in made.pages.items():
        assert not page.tags & {"script", "iframe", "form", "img", "object", "base", "style"}, path
        assert not [name for name in page.attributes if name.startswith("on") or name == "style"], path
        policy = "default-src &#39;none&#39;; script-src &#39;self&#39;; style-src &#39;self&#39;"
        assert policy in made.text(path)


def test_the_index_shows_the_newest_pair_the_base_matrix_and_every_cell(made: Made) -> None:
    text = made.text("index.html")
    assert re.search(r"6\.18\.9 <span[^>]*>→</span> 7\.3\.4", text)
    assert "Behaviours by kernel: x86_64, plain" in text
    assert text.count('scope="row"') >= 16 + 6
    assert 'title="pmem-ext4: boot: no login marker within 60 s">2 of 3</td>' in text


def test_a_cell_that_differs_from_its_neighbour_leads_to_what_changed(made: Made) -> None:
    text = made.text("index.html")
    found = re.findall(r'<td class="g\d new"><a href="(diff/[^"]+)">B', text)
    assert found
    assert all("#" in link for link in found)


def test_a_behaviour_page_has_the_claim_the_values_the_verdict_and_the_traces(made: Made) -> None:
    page = made.pages["behaviour/mprotect.behaviour_0.html"]
    for said in ("MPROTECT_FLAG_0", "anonymous only", "holds where", "since 6.1: mprotect ok", "mprotect(2)"):
        assert said in page.text
    text = made.text("behaviour/mprotect.behaviour_0.html")
    assert '<tr class="differs"><td>≠</td><td>mprotect(A, 2p, PROT_READ|PROT_WRITE) = -1 ENOMEM</td>' in text


def test_a_kernel_page_has_digests_cells_and_options(made: Made) -> None:
    page = made.pages[f"kernel/{LAST}.html"]
    for said in (kernel(SERIES[-1]).packages[0].sha256, "no login marker within 60 s", "CONFIG_FS_DAX", "7.3.4-cloud"):
        assert said in page.text


def test_a_diff_page_explains_what_is_known_and_lists_what_is_missing(made: Made) -> None:
    page = made.pages[f"diff/{kernel(SERIES[3]).name}..{LAST}.html"]
    assert f"{LAST} is unanswered, boot: no login marker within 60 s" in page.text
    assert "Unexplained" in page.text


def test_two_flavours_of_one_version_show_the_options_that_differ(made: Made) -> None:
    generic = kernel(SERIES[2], flavour="generic").name
    text = made.text(f"diff/{kernel(SERIES[2]).name}..{generic}.html")
    assert "<code>CONFIG_PREEMPT</code></th><td>n</td><td>y</td>" in text


def test_a_rebuild_touches_nothing_that_stayed_equal_and_drops_what_is_gone(made: Made, tmp_path: Path) -> None:
    root, out = tmp_path / "results", tmp_path / "out"
    shutil.copytree(made.root, root)
    shutil.copytree(made.out, out)
    (out / "mine.txt").write_text("not the report's")
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.html")}
    shutil.rmtree(root / kernel(SERIES[2], flavour="generic").name)
    report.site(root, made.catalogue, out)
    kept = {path for path in before if path.exists() and path.stat().st_mtime_ns == before[path]}
    assert out / "kernel" / f"{FIRST}.html" in kept
    assert not list(out.glob("kernel/*generic*"))
    assert (out / "mine.txt").exists()
    ours = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()} - {"mine.txt", "manifest.json"}
    assert set(json.loads((out / "manifest.json").read_text())) == ours


def test_the_same_results_give_the_same_site(made: Made, tmp_path: Path) -> None:
    report.site(made.root, made.catalogue, tmp_path)
    assert (tmp_path / "manifest.json").read_bytes() == (made.out / "manifest.json").read_bytes()


def test_without_any_results_the_site_says_how_to_make_some(tmp_path: Path) -> None:
    made = rendered(tmp_path)
    assert "./inv matrix" in made.pages["index.html"].text
    assert broken_links(made.out, made.pages) == []


def test_a_kernel_without_any_answer_has_its_page_with_the_reason(tmp_path: Path) -> None:
    made = rendered(tmp_path, (info(ending="unanswered", stage="fetch", why="the mirror is away", page_size=None), []))
    assert "fetch: the mirror is away" in made.pages[f"kernel/{FIRST}.html"].text
    assert 'title="plain: fetch: the mirror is away">0 of 1</td>' in made.text("index.html")


@pytest.mark.parametrize(
    ("ending", "sign"), [(Ending.BROKEN, "!"), (Ending.LOST, "!"), (Ending.UNMET, "unmet"), (Ending.HUNG, "†")]
)
def test_each_ending_is_shown_as_such(tmp_path: Path, ending: Ending, sign: str) -> None:
    answered = record(f"{CALL}.probe_1", mmap="ok")
    made = rendered(
        tmp_path,
        (info(), [record(f"{CALL}.probe_0", mmap="ok"), answered]),
        (info(kernel(SERIES[1])), [record(f"{CALL}.probe_0", ending, "for a reason"), answered]),
    )
    text = made.text(f"behaviour/{CALL}.html")
    assert "for a reason" in text
    assert sign in text
    if not ending.is_answer:
        assert f"new {ending}: for a reason" in made.pages[f"diff/{FIRST}..{kernel(SERIES[1]).name}.html"].text
        assert 'title="1 of 2 probes missing: ' in made.text("index.html")


def test_damaged_results_are_named_and_the_rest_is_rendered(tmp_path: Path) -> None:
    rendered(tmp_path, (info(), [record(f"{CALL}.probe_0", mmap="ok")]), (info(kernel(SERIES[1])), []))
    folder = tmp_path / "results" / FIRST / "x86_64"
    (folder / "plain" / "records.jsonl").write_text('{"probe"\n')
    (folder / "swap").mkdir()
    (folder / "swap" / "cell.json").write_text('{"schema": 99}')
    report.site(tmp_path / "results", made_catalogue(tmp_path / "catalogue"), tmp_path / "out")
    pages = read_site(tmp_path / "out")
    text = pages["index.html"].text
    assert "plain/records.jsonl: line 1: the line is not JSON" in text
    assert f"{FIRST}/x86_64/swap: cell.json: schema 99 is not the schema 1" in text
    assert "cannot be read" in pages[f"kernel/{FIRST}.html"].text
    assert broken_links(tmp_path / "out", pages) == []


def test_a_probe_that_the_catalogue_no_longer_has_is_shown_as_stored(tmp_path: Path) -> None:
    made = rendered(tmp_path, (info(), [record("mmap.gone.probe", mmap="ok")]))
    page = made.pages["behaviour/mmap.gone.html"]
    assert "does not have this probe (any more)" in page.text
    assert "mmap.gone" not in made.catalogue.behaviours


def test_values_that_go_back_and_forth_are_several_ranges(tmp_path: Path) -> None:
    answers = ("ok", "EINVAL", "ok", "ok", "ok")
    cells = [(info(kernel(v)), [record(f"{CALL}.probe_0", mmap=a)]) for v, a in zip(SERIES, answers, strict=True)]
    text = rendered(tmp_path, *cells).pages[f"behaviour/{CALL}.html"].text
    assert "5.10.262, 6.12.117 … 7.3.4" in text


def test_a_cell_that_is_not_there_among_others_is_shown_as_not_run(tmp_path: Path) -> None:
    both = [
        (info(kernel(v), variant), [record(f"{CALL}.probe_0")]) for v in SERIES[:2] for variant in ("plain", "swap")
    ]
    made = rendered(tmp_path, *both[:3])
    assert 'title="6.1.192: not run, no result for this cell">·</td>' in made.text("matrix/x86_64-swap.html")
    assert "was not run here" in made.pages[f"diff/{FIRST}..{kernel(SERIES[1]).name}.html"].text
    assert "3 of 4 cells answered" in made.pages["index.html"].text
    assert 'title="swap: no result for this cell">1 of 2</td>' in made.text("index.html")
    assert "3 of 4 answered" in made.pages["method.html"].text


def test_neighbours_are_those_of_each_architecture(tmp_path: Path) -> None:
    on_arm = kernel("5.10.223-1", "arm64")
    last = [kernel("6.1.192-1"), kernel("6.1.192-1", "arm64")]
    cells = [info(build) for build in (kernel("5.10.262-1"), on_arm, *last)]
    made = rendered(tmp_path, *((cell, [record(f"{CALL}.probe_0", mmap="ok")]) for cell in cells))
    assert sorted(path for path in made.pages if path.startswith("diff/")) == [
        f"diff/{on_arm.name}..{last[0].name}.html",
        f"diff/debian-5.10.262-1-cloud..{last[0].name}.html",
    ]
    page = made.pages[f"diff/{on_arm.name}..{last[0].name}.html"]
    assert "in 1 records of 1 cells, on arm64" in page.text
    assert "Missing" not in page.text


def test_kernels_have_the_shortest_names_that_tell_them_apart(tmp_path: Path) -> None:
    builds = [kernel("6.1.192-1"), kernel("6.1.192-1~deb11u1"), kernel("6.1.192-1", flavour="rt"), kernel("7.3.4-1")]
    for build in [*builds, replace(kernel("7.3.4-1"), source="own")]:
        results.write(tmp_path, info(build))
    site = report.Site(results.scan(tmp_path), made_catalogue(tmp_path / "catalogue"))
    names = ["6.1.192-1", "6.1.192-1~deb11u1", "6.1.192-rt", "debian-7.3.4-1-cloud", "own-7.3.4-1-cloud"]
    assert sorted(site.labels.values()) == names


def test_a_diff_page_that_stands_alone_needs_no_other_file(made: Made) -> None:
    stored = results.scan(made.root)
    text = report.diff_page(compare(stored, made.catalogue, FIRST, LAST), stored, made.catalogue)
    page = read(text)
    assert [link for link in page.links if not link.startswith("#")] == []
    assert re.search(r"style-src 'sha256-[A-Za-z0-9+/]+='", text.replace("&#39;", "'"))
    assert "Unexplained" in page.text


def test_a_report_that_cannot_be_written_says_where(made: Made, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file is in the way")
    with pytest.raises(InfraError, match=r"the report cannot be written to .*out"):
        report.site(made.root, made.catalogue, tmp_path / "out")


def test_a_manifest_cannot_make_it_delete_what_lies_outside(made: Made, tmp_path: Path) -> None:
    precious = tmp_path / "precious.html"
    precious.write_text("keep")
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.json").write_text(json.dumps({"../precious.html": "0", str(precious): "0", "old.html": "0"}))
    (out / "old.html").write_text("stale")
    report.site(tmp_path / "none", made.catalogue, out)
    assert precious.exists()
    assert not (out / "old.html").exists()
