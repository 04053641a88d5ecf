"""Makes HTML of templates: every value is escaped, and what a browser would obey in it is written out."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from farm.report import links, programs
from farm.report.matrix import VERDICT_SIGNS
from farm.report.model import Place, Site
from farm.settings import cache_dir
from farm.visible import visible

HERE = Path(__file__).parent
FILES = ("style.css", "icon.svg", "site.js", "tracker.schema.json")
# Nothing may run and nothing may be fetched but our own script, style and icon; no line of a page is a script.
POLICY = (
    "default-src 'none'; script-src {script}; style-src {style}; img-src 'self'; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the site: its path, what renders it, and a digest of all that it shows."""

    path: str
    make: Callable[[], str]
    inputs: str


class Hrefs:
    """Links as templates ask for them, relative to the site's root."""

    behaviour = staticmethod(links.behaviour_href)
    diff = staticmethod(links.diff_href)

    @staticmethod
    def kernel(name: str) -> str:
        """Return the link to a kernel."""
        return links.href(links.kernel_path(name))

    @staticmethod
    def arch(name: str) -> str:
        """Return the link to an architecture."""
        return links.href(links.arch_path(name))

    @staticmethod
    def across(version: str) -> str:
        """Return the link to the architectures on one version."""
        return links.href(links.across_path(version))

    @staticmethod
    def sweep(behaviour: str, kernel: str, place: Place) -> str:
        """Return the link to the map of a sweep in one cell."""
        return links.href(links.sweep_path(behaviour, kernel, place))

    @staticmethod
    def matrix(place: Place) -> str:
        """Return the link to the matrix of a place."""
        return links.href(links.matrix_path(place))


def _finalize(value: object) -> object:
    """Write out what a browser would obey; markup, which jinja2 made of escaped values, is left alone."""
    return visible(value) if type(value) is str else value


def breakable(name: str) -> Markup:
    """Return a name that may be broken after an underscore or a full stop, for narrow columns."""
    parts = re.split(r"(?<=[._])", visible(name))
    return Markup("<wbr>").join(parts)  # joining escapes each part


def _compiled() -> FileSystemBytecodeCache | None:
    """Return where compiled templates are kept; None where nothing can be."""
    folder = cache_dir() / "report" / "templates"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return FileSystemBytecodeCache(str(folder))


@cache
def environment() -> Environment:
    """Return the one environment: escaping always, undefined names are errors."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        bytecode_cache=_compiled(),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["breakable"] = breakable
    made.globals.update(hrefs=Hrefs, signs=VERDICT_SIGNS)
    return made


def render(site: Site, template: str, path: str, **values: object) -> str:
    """Render the page that lies at `path` under the site's root."""
    page: dict[str, object] = {
        "root": "../" * path.count("/"),
        "style": "",
        "csp": POLICY.format(script="'self'", style="'self'"),
    }
    return _rendered(site, template, page, values)


def render_alone(site: Site, template: str, **values: object) -> str:
    """Render a page that stands alone: its style is inside, allowed by digest, and it links to nothing."""
    style = (HERE / "style.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    own = Markup(style)  # noqa: S704 - our own file; it has to stay as it is, or the digest does not fit
    page: dict[str, object] = {
        "root": "",
        "style": own,
        "csp": POLICY.format(script="'none'", style=f"'sha256-{digest}'"),
    }
    return _rendered(site, template, page, values)


def _rendered(site: Site, template: str, page: dict[str, object], values: dict[str, object]) -> str:
    """Render with what every page knows."""
    shared = {"labels": site.labels, "has_sweeps": bool(site.sweeps), "has_upgrades": programs.there(site)}
    return environment().get_template(template).render(shared | page | values)
