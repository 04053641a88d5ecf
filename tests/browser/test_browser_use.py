"""The site in use: filters, the keyboard, any two traces, a value under the pointer, what is found in three clicks."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Browser
from tests.made_up import SERIES, kernel

pytestmark = pytest.mark.browser


def test_the_matrix_shows_only_what_is_typed(browser: Browser) -> None:
    with browser.tab() as tab:
        page = tab.open("index.html")
        rows = page.locator("table.matrix tr.row")
        everything = rows.count()
        page.get_by_label("Show only").first.fill("mprotect_flag_0")
        shown = [row for row in rows.all() if row.is_visible()]
        assert len(shown) == 1
        assert "MPROTECT_FLAG_0" in shown[0].inner_text()
        assert page.locator("output").first.inner_text() == f"1 of {everything}"
        assert page.locator("tr.call:visible").count() == 1
        page.keyboard.press("Escape")
        assert page.locator("table.matrix tr.row:visible").count() == everything


def test_a_diff_shows_only_what_is_typed(browser: Browser) -> None:
    with browser.tab() as tab:
        page = tab.open(f"diff/{kernel(SERIES[0]).name}..{kernel(SERIES[1]).name}.html")
        page.get_by_label("Show only").fill("no such word")
        assert page.locator("article.behaviour:visible").count() == 0
        page.get_by_label("Show only").fill("mmap.behaviour_0")
        assert page.locator("article.behaviour:visible").count() == 1


def test_a_slash_leads_to_the_filter_unless_somebody_types(browser: Browser) -> None:
    with browser.tab() as tab:
        page = tab.open("index.html")
        page.keyboard.press("/")
        page.keyboard.type("a/b")
        assert page.evaluate("document.activeElement.value") == "a/b"


def test_the_keyboard_reaches_the_content_first_and_tables_can_be_scrolled_with_it(browser: Browser) -> None:
    with browser.tab() as tab:
        page = tab.open("index.html")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.url.endswith("#main")
        for region in page.locator("div.tall").all():
            assert region.get_attribute("tabindex") == "0"


def test_the_tables_head_and_first_column_stay_in_sight(browser: Browser) -> None:
    with browser.tab(390) as tab:
        page = tab.open("matrix/x86_64-plain.html")
        table = page.locator("div.tall")
        table.evaluate("e => e.scrollTo(200, 400)")
        corner = page.locator("th.corner").bounding_box()
        frame = table.bounding_box()
        assert corner is not None
        assert frame is not None
        assert abs(corner["x"] - frame["x"]) <= 2
        assert abs(corner["y"] - frame["y"]) <= 2


def test_any_two_traces_stand_side_by_side(browser: Browser) -> None:
    with browser.tab() as tab:
        page = tab.open("behaviour/mprotect.behaviour_0.html")
        every = page.locator("details.every", has_text="any two side by side").first
        every.locator("> summary").click()
        sides = every.locator("select")
        assert sides.count() == 2
        assert every.locator("table.trace tr.differs").count() > 0
        sides.first.select_option(index=1)
        sides.last.select_option(index=1)
        assert every.locator("table.trace tr.differs").count() == 0
        assert tab.said == []


def test_a_map_says_the_value_under_the_pointer(browser: Browser) -> None:
    with browser.tab() as tab:
        page = tab.open("sweep/madvise/debian-6.1.192-1-cloud/x86_64-plain.html")
        cell = page.locator("table.heat tbody td").first
        cell.hover()
        assert cell.get_attribute("title") in {"kind_0 × madv_0: ok", "kind_0 × madv_0: EINVAL"}


def test_where_map_sync_works_is_one_click_from_the_index(committed: Browser) -> None:
    with committed.tab() as tab:
        page = tab.open("index.html")
        page.get_by_role("link", name="Where MAP_SYNC works").click()
        assert page.locator("#turns li", has_text="CONFIG_FS_DAX").count() >= 1
        page.locator("td.appears a").first.click()
        assert page.locator("article:target pre").inner_text().count("MAP_SYNC") >= 1


def test_the_two_traces_that_prove_a_change_are_two_clicks_from_the_index(committed: Browser) -> None:
    with committed.tab() as tab:
        page = tab.open("index.html")
        # What a sweep says is a value for each of many operations; it keeps no trace of them.
        page.locator("#changes .changes li a:not([href*='#sweep.'])").first.click()
        page.locator("article:target summary").first.click()
        assert page.locator("article:target table.trace tbody tr").first.is_visible()


def test_what_an_upgrade_changes_for_a_program_is_two_clicks_from_the_index(committed: Browser) -> None:
    with committed.tab() as tab:
        page = tab.open("index.html")
        page.get_by_role("link", name="Upgrades").last.click()
        heads = page.locator("thead th").all_inner_texts()
        column = next(number for number, head in enumerate(heads) if head.startswith("PostgreSQL"))
        row = page.locator("tbody tr").filter(has_text="6.12").filter(has_text="7.3")
        row.locator("th, td").nth(column).locator("a").click()
        assert page.locator("h1").inner_text().endswith(f"for {heads[column]}")
        assert page.locator("h1").inner_text().startswith("6.12")
