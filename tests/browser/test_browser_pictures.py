"""The README's pictures are the committed results' own pages; REGENERATE=1 takes them anew."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest

from farm.settings import ROOT
from tests.browser.conftest import Browser

pytestmark = pytest.mark.browser

LARGEST = 200_000  # bytes


@dataclass(frozen=True)
class Picture:
    """A page at an anchor, with the details opened that `opened` selects."""

    page: str
    opened: str = ""


MOVE = "mremap.move_but_not_unmap"
NEW = "debian-7.3.4-1~bpo13+1-cloud"
PICTURES = {
    "index": Picture("index.html"),
    "behaviour": Picture(f"behaviour/{MOVE}.html#{MOVE}.locked_part", ":target details"),
    "diff": Picture("diff/debian-6.1.192-2-cloud..debian-6.12.117-1-cloud.html", "article details >> nth=0"),
    "tracker": Picture("tracker.html#arm64-cloud"),
    "upgrade": Picture(f"upgrade/postgresql/debian-6.12.117-1-cloud..{NEW}.html", "article details >> nth=0"),
}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_of_the_readme_is_small_and_named_there(name: str) -> None:
    assert f"docs/{name}.png" in (ROOT / "README.md").read_text()
    assert 5_000 < (ROOT / "docs" / f"{name}.png").stat().st_size <= LARGEST


@pytest.mark.skipif(not os.environ.get("REGENERATE"), reason="REGENERATE=1 takes the pictures anew")
def test_pictures_are_taken_anew(committed: Browser) -> None:
    for name, picture in PICTURES.items():
        with committed.tab() as tab:
            tab.page.emulate_media(reduced_motion="reduce")
            page = tab.open(picture.page)
            for details in page.locator(picture.opened).all() if picture.opened else ():
                details.evaluate("one => { one.open = true; }")
            if "#" in picture.page:
                page.locator(":target").scroll_into_view_if_needed()
            page.screenshot(path=ROOT / "docs" / f"{name}.png")
