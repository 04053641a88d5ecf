"""The timeline: a mark for each call that changed, as large as its changes are many; unexplained ones apart."""

from __future__ import annotations

from pathlib import Path

from farm import report, results
from farm.catalogue import load
from farm.report.timeline import timeline
from tests.made_up import info, kernel, record
from tests.site_reader import read_site


def stored(root: Path, *answers: str, flavour: str = "cloud") -> report.Site:
    for number, answer in enumerate(answers, 1):
        records = [record(f"mmap.made_up.probe_{n}", mmap=answer) for n in range(3)]
        results.write(root, info(kernel(f"6.{number}.0-1", flavour=flavour)), [*records, record("brk.made_up.probe")])
    return report.Site(results.scan(root), load())


def test_only_pairs_that_changed_have_a_mark(tmp_path: Path) -> None:
    (picture,) = timeline(stored(tmp_path, "ok", "EINVAL", "EINVAL"))
    assert [call for call, _ in picture.calls] == ["mmap"]
    (mark,) = picture.marks
    assert (mark.total, mark.says) == (3, "mmap, 6.1.0 → 6.2.0: 3 unexplained, 0 explained or configured")
    assert (mark.x, mark.inner) == (picture.steps[0].x, mark.outer)


def test_flavours_are_pictures_of_their_own_whose_kernels_do_not_repeat_it(tmp_path: Path) -> None:
    stored(tmp_path, "ok", "EINVAL")
    pictures = timeline(stored(tmp_path, "ok", "EINVAL", flavour="16k"))
    assert [picture.flavour for picture in pictures] == ["cloud", "16k"]
    assert [(step.old, step.new) for step in pictures[1].steps] == [("6.1.0", "6.2.0")]


def test_the_picture_is_a_table_too_and_each_mark_leads_to_its_call(tmp_path: Path) -> None:
    stored(tmp_path / "results", "ok", "EINVAL")
    report.site(tmp_path / "results", load(), tmp_path / "out")
    page = read_site(tmp_path / "out")["timeline.html"]
    assert "3 + 0" in " ".join(page.text.split())
    assert "diff/debian-6.1.0-1-cloud..debian-6.2.0-1-cloud.html#call-mmap" in page.links
