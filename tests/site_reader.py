"""Reads a rendered site as a strict browser would: nesting, links, anchors, ids, and what CSP forbids anyway."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from farm.report.evidence import MAN_PAGES

VOID = {"meta", "link", "br", "wbr"}


@dataclass
class Page:
    """What stands on one page."""

    links: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    text: str = ""
    headings: list[str] = field(default_factory=list)


def ours(tag: str, values: dict[str, str | None]) -> bool:
    """Whether this is the site's one script, or its one picture: all others would be a guest's."""
    script = tag == "script" and re.fullmatch(r"(\.\./)*site\.js", values.get("src") or "")
    return bool(script) or (tag == "svg" and values.get("class") == "timeline")


class Reader(HTMLParser):
    """Fills a Page; a tag that is closed wrongly is an AssertionError."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.stack: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        assert len(values) == len(attrs), f"an attribute twice in <{tag}>"
        if not ours(tag, values):
            self.page.tags.add(tag)
        self.page.attributes |= values.keys()
        self.page.links += [value for name in ("href", "src") if (value := values.get(name))]
        if identity := values.get("id"):
            self.page.ids.append(identity)
        if tag in {"h1", "h2", "h3", "h4"}:
            self.page.headings.append(tag)
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack, f"</{tag}> closes nothing"
        assert self.stack.pop() == tag, f"</{tag}> closes another tag, line {self.getpos()[0]}"

    def handle_data(self, data: str) -> None:
        self.page.text += data


def read(text: str) -> Page:
    """Read one page."""
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.stack == []
    return reader.page


def read_site(out: Path) -> dict[str, Page]:
    """Read every page under `out` by its path."""
    return {str(path.relative_to(out)): read(path.read_text("utf-8")) for path in sorted(out.rglob("*.html"))}


def broken_links(out: Path, pages: dict[str, Page]) -> list[str]:
    """Return every link that leads nowhere: to no file of the site, or to no id on its page; man pages lie outside."""
    broken = []
    for path, page in pages.items():
        for link in page.links:
            if link.startswith(MAN_PAGES):
                continue
            target, _, anchor = link.partition("#")
            file = (out / path).parent / unquote(target) if target else out / path
            name = str(file.resolve().relative_to(out.resolve())) if file.is_file() else ""
            if not name or (anchor and unquote(anchor) not in pages[name].ids):
                broken.append(f"{path}: {link}")
    return broken
