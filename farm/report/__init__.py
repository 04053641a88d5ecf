"""The static site: `site` renders all of it, `diff_page` one diff that stands alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

from farm import results
from farm.catalogue import Catalogue
from farm.diff import Diff
from farm.errors import InfraError
from farm.files import sha256_of
from farm.report import upgrade_page
from farm.report.memo import Memo
from farm.report.model import Site
from farm.report.pages import alone_page, pages
from farm.report.render import FILES, HERE, Page
from farm.results import Results
from farm.steps import Event, bus, step
from farm.upgrade import Answer

__all__ = ["MANIFEST", "Site", "diff_page", "manifest", "site", "upgrade_alone"]

MANIFEST = "manifest.json"  # path → sha256 of every file of the site; what it does not name is not ours


def site(
    results_root: Path,
    catalogue: Catalogue,
    out: Path,
    base: str = "",
    more: Callable[[Site], Iterable[Page]] | None = None,
) -> Path:
    """Render the site of all results into `out` and return its index; files that stay equal are not touched.

    `base` is the address where it is published: the feed names it, pages need none. `more` adds files that are no
    pages of the site.
    """
    model = Site(results.scan(results_root), catalogue, Memo.of(results_root, out), base)
    try:
        with step("report", out.name):
            return _write_site(model, [*pages(model), *(more(model) if more else ())], out)
    except OSError as error:
        raise InfraError(
            f"the report cannot be written to {out}: {error.strerror or error}", hint="choose another with --out"
        ) from error


def diff_page(diff: Diff, stored: Results, catalogue: Catalogue) -> str:
    """Return one diff as a page that needs no other file."""
    return alone_page(Site(stored, catalogue), diff)


def upgrade_alone(answer: Answer, stored: Results, catalogue: Catalogue) -> str:
    """Return what an upgrade changes for a program as a page that needs no other file."""
    return upgrade_page.alone_page(Site(stored, catalogue), answer)


def _write_site(model: Site, todo: Sequence[Page], out: Path) -> Path:
    """Write every page that changed, then drop those that an earlier report made and this one does not."""
    before = manifest(out)
    made: dict[str, str] = {}
    for name in FILES:
        made[name] = _write(out, name, (HERE / name).read_bytes(), before)
    for number, page in enumerate(todo, 1):
        # Every page's navigation leads to the sweeps, once there are any.
        name, inputs = f"page {page.path}", f"{page.inputs}{'+' * bool(model.sweeps)}"
        known = model.memo.get(name, inputs)
        if known is None or before.get(page.path) != known or not (out / page.path).is_file():
            known = _write(out, page.path, page.make().encode("utf-8"), before)
            model.memo.put(name, inputs, known)
        made[page.path] = str(known)
        bus.emit(Event("report", out.name, "progress", done=number, total=len(todo)))
    for path in before.keys() - made.keys():
        (out / path).unlink(missing_ok=True)
    text = (json.dumps(made, indent=1, sort_keys=True) + "\n").encode("ascii")
    _write(out, MANIFEST, text, {MANIFEST: sha256_of(out / MANIFEST)} if before else {})
    if not model.stored.problems:  # some show only when a page is made; nobody must miss them the next time
        model.memo.save()
    return out / "index.html"


def manifest(out: Path) -> dict[str, str]:
    """Return what an earlier report wrote; only paths that stay inside count."""
    try:
        found = json.loads((out / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    inside = {parent: _is_inside(out, parent) for parent in {PurePosixPath(path).parent for path in found}}
    kept = (path for path in found if inside[PurePosixPath(path).parent] and PurePosixPath(path).name != "..")
    return {path: str(found[path]) for path in kept}


def _is_inside(out: Path, parent: PurePosixPath) -> bool:
    """Whether a folder that a manifest names lies in the site."""
    return (out / parent).resolve().is_relative_to(out.resolve())


def _write(out: Path, path: str, data: bytes, before: dict[str, str]) -> str:
    """Write one file, unless it is there with these bytes, and return its digest."""
    digest = hashlib.sha256(data).hexdigest()
    target = out / path
    if before.get(path) != digest or not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_name(f".{target.name}.new")
        aside.write_bytes(data)
        aside.replace(target)
    return digest
