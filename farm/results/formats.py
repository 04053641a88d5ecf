"""The files of one cell as values: cell.json, the lines of records.jsonl and of traces.jsonl.zst.

Everything here is strict: what is not exactly as written by this module is a ResultsError that says
what is wrong. Canonical JSON has sorted keys, no spaces and ASCII only, so equal values are equal bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import zstandard

from farm.errors import ResultsError
from farm.types import Ending, Kernel, Package, Record

SCHEMA = 1
LINE_LIMIT = 256 * 1024  # bytes; the record protocol's own limit
TRACES_LIMIT = 256 * 1024 * 1024  # bytes after unpacking; a header that promises more is not ours
INT_LIMIT = 2**64
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+~_-]{0,199}")
PROBE = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+){2,3}")
WORD = re.compile(r"[A-Za-z0-9_]{1,80}")
ENDINGS = ("answered", "unanswered")
SELECTIONS = ("default", "all")

T = TypeVar("T")

TYPE_NAMES = {str: "a string", int: "a number", bool: "true or false", list: "a list", dict: "an object"}


@dataclass(frozen=True, slots=True)
class CellInfo:
    """What cell.json says: which kernel, how it was asked, and how that ended.

    `kernel.release` is the guest's own; `page_size` is in bytes, None while no guest has said it.
    An unanswered cell carries `stage` and `why` and has no records.
    """

    kernel: Kernel
    digest: str
    config_sha256: str
    arch: str
    variant: str
    variant_digest: str
    guest_root: str
    qemu: str
    families: Mapping[str, str] = field(default_factory=dict)
    selection: str = "default"
    page_size: int | None = None
    cpu: str = ""
    accel: str = ""
    oopses: tuple[str, ...] = ()
    tainted: bool = False
    ending: str = "answered"
    stage: str | None = None
    why: str | None = None

    @property
    def name(self) -> str:
        """The cell's name, `<kernel>/<arch>/<variant>`; also its folder under results/."""
        return f"{self.kernel.name}/{self.arch}/{self.variant}"

    @property
    def answered(self) -> bool:
        """Whether the cell has records."""
        return self.ending == "answered"


def canonical(value: object) -> str:
    """Return `value` as canonical JSON, without a line end."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def parse(text: bytes | str, what: str) -> dict[str, object]:
    """Parse one JSON object; `what` names it in the error."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{what} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ResultsError(f"{what} is not a JSON object")
    return value


def take(values: Mapping[str, object], key: str, kind: type[T], what: str) -> T:
    """Return `values[key]` when it is exactly of type `kind` (a bool is no number here)."""
    value = values.get(key)
    if type(value) is not kind:
        found = "missing" if key not in values else f"{value!r:.60}"
        raise ResultsError(f"{what}: {key} should be {TYPE_NAMES[kind]}, is {found}")
    return value


def optional_text(values: Mapping[str, object], key: str, what: str) -> str | None:
    """Return a string or None; a missing key counts as None."""
    return None if values.get(key) is None else take(values, key, str, what)


def texts(values: Mapping[str, object], key: str, what: str) -> tuple[str, ...]:
    """Return a list of strings as a tuple; a missing key counts as an empty list."""
    items = take(values, key, list, what) if key in values else []
    if not all(isinstance(item, str) for item in items):
        raise ResultsError(f"{what}: {key} should be a list of strings")
    return tuple(items)


def info_to_text(info: CellInfo) -> str:
    """Return cell.json's text."""
    kernel = info.kernel
    packages = [
        {"name": p.name, "version": p.version, "arch": p.arch, "area": p.area, "path": p.path}
        | {"sha256": p.sha256, "size": p.size, "pinned": p.pinned}
        for p in kernel.packages
    ]
    about: dict[str, object] = {"name": kernel.name, "source": kernel.source, "version": kernel.version}
    about |= {"flavour": kernel.flavour, "release": kernel.release, "notes": list(kernel.notes), "digest": info.digest}
    about |= {"config_sha256": info.config_sha256, "packages": packages}
    plain = {name: getattr(info, name) for name in PLAIN_FIELDS}
    lists: dict[str, object] = {"families": dict(info.families), "oopses": list(info.oopses)}
    return canonical({"schema": SCHEMA, "kernel": about} | plain | lists) + "\n"


PLAIN_FIELDS = (
    *("arch", "variant", "variant_digest", "guest_root", "qemu", "selection", "page_size", "cpu", "accel"),
    *("tainted", "ending", "stage", "why"),
)


def info_from_text(text: bytes | str, what: str) -> CellInfo:
    """Read cell.json; `what` (its path) names it in errors."""
    values = parse(text, what)
    if values.get("schema") != SCHEMA:
        raise ResultsError(
            f"{what}: schema {values.get('schema')!r:.40} is not the schema {SCHEMA} that this farm reads",
            hint="update the farm, or run the cell again",
        )
    arch = take(values, "arch", str, what)
    about = take(values, "kernel", dict, what)
    info = CellInfo(
        kernel=_kernel(about, arch, what),
        digest=take(about, "digest", str, what),
        config_sha256=take(about, "config_sha256", str, what),
        arch=arch,
        variant=take(values, "variant", str, what),
        variant_digest=optional_text(values, "variant_digest", what) or "",
        guest_root=take(values, "guest_root", str, what),
        qemu=take(values, "qemu", str, what),
        families=_families(values, what),
        selection=take(values, "selection", str, what),
        page_size=None if values.get("page_size") is None else take(values, "page_size", int, what),
        cpu=take(values, "cpu", str, what),
        accel=take(values, "accel", str, what),
        oopses=texts(values, "oopses", what),
        tainted=take(values, "tainted", bool, what),
        ending=take(values, "ending", str, what),
        stage=optional_text(values, "stage", what),
        why=optional_text(values, "why", what),
    )
    check_info(info, what)
    if about.get("name") != info.kernel.name:
        raise ResultsError(f"{what}: the kernel's name should be {info.kernel.name}, is {about.get('name')!r:.80}")
    return info


def _kernel(about: Mapping[str, object], arch: str, what: str) -> Kernel:
    """Read the kernel's part of cell.json."""
    packages = take(about, "packages", list, what)
    if not all(isinstance(package, dict) for package in packages):
        raise ResultsError(f"{what}: packages should be a list of objects")
    return Kernel(
        source=take(about, "source", str, what),
        version=take(about, "version", str, what),
        flavour=take(about, "flavour", str, what),
        arch=arch,
        release=take(about, "release", str, what),
        packages=tuple(_package(package, what) for package in packages),
        notes=texts(about, "notes", what),
    )


def _package(values: Mapping[str, object], what: str) -> Package:
    """Read one package of the kernel."""
    return Package(
        name=take(values, "name", str, what),
        version=take(values, "version", str, what),
        arch=optional_text(values, "arch", what) or "",
        path=take(values, "path", str, what),
        sha256=take(values, "sha256", str, what),
        size=take(values, "size", int, what),
        area=optional_text(values, "area", what) or "main",
        pinned=take(values, "pinned", bool, what),
    )


def _families(values: Mapping[str, object], what: str) -> dict[str, str]:
    """Read the digests of the probe families."""
    families = take(values, "families", dict, what)
    if not all(isinstance(digest, str) for digest in families.values()):
        raise ResultsError(f"{what}: families should map a name to a digest")
    return dict(families)


def check_info(info: CellInfo, what: str) -> None:
    """Refuse what no cell.json may say: names that are no folder names, endings that do not fit."""
    for part in info.name.split("/"):
        if not NAME.fullmatch(part):
            raise ResultsError(f"{what}: {part!r:.80} cannot be the name of a folder")
    if info.name.count("/") != 2:
        raise ResultsError(f"{what}: {info.name!r:.80} is not <kernel>/<arch>/<variant>")
    if info.ending not in ENDINGS:
        raise ResultsError(f"{what}: ending {info.ending!r:.40} is not one of {', '.join(ENDINGS)}")
    if info.selection not in SELECTIONS:
        raise ResultsError(f"{what}: selection {info.selection!r:.40} is not one of {', '.join(SELECTIONS)}")
    if not info.answered and not (info.stage and info.why):
        raise ResultsError(f"{what}: an unanswered cell says the stage that failed and why")


def record_to_line(record: Record) -> str:
    """Return the line of records.jsonl for `record`, without a line end."""
    line: dict[str, object] = {"probe": record.probe, "end": record.end.value, "saw": record.saw}
    if record.why:
        line["why"] = record.why
    if record.unstable:
        line["unstable"] = sorted(record.unstable)
    return canonical(line)


def record_from_line(line: bytes | str) -> Record:
    """Read one line of records.jsonl; the error says what is wrong, the caller says where."""
    values = parse(line, "the line")
    if foreign := sorted(values.keys() - {"probe", "end", "saw", "why", "unstable"}):
        raise ResultsError(f"unknown key {foreign[0]!r:.40}")
    probe = take(values, "probe", str, "the line")
    end = take(values, "end", str, "the line")
    if end not in set(Ending):
        raise ResultsError(f"end {end!r:.40} is not one of {', '.join(Ending)}")
    saw = take(values, "saw", dict, "the line")
    unstable = texts(values, "unstable", "the line")
    record = Record(probe, Ending(end), saw, optional_text(values, "why", "the line") or "", unstable)
    check_record(record)
    return record


def check_record(record: Record) -> None:
    """Refuse a record that the protocol does not allow."""
    if not PROBE.fullmatch(record.probe):
        raise ResultsError(f"{record.probe!r:.80} is no probe's id")
    if record.end is not Ending.ANSWERED and not record.why:
        raise ResultsError(f"{record.probe}: a record that is {record.end} says why")
    for word, value in record.saw.items():
        if not WORD.fullmatch(word):
            raise ResultsError(f"{record.probe}: {word!r:.40} is no word")
        if type(value) is not str and (type(value) is not int or abs(value) > INT_LIMIT):
            raise ResultsError(f"{record.probe}: {word} should be a string or a small number, is {value!r:.40}")


def trace_to_line(record: Record) -> str:
    """Return the line of traces.jsonl for `record`, without a line end."""
    return canonical({"probe": record.probe, "trace": list(record.trace)})


def trace_from_line(line: bytes | str) -> tuple[str, tuple[str, ...]]:
    """Read one line of traces.jsonl: the probe and its trace."""
    values = parse(line, "the line")
    return take(values, "probe", str, "the line"), texts(values, "trace", "the line")


def pack(lines: Iterable[str]) -> bytes:
    """Compress lines; one thread and fixed parameters, so that equal lines give equal bytes."""
    params = zstandard.ZstdCompressionParameters.from_level(
        19, write_content_size=True, write_checksum=True, write_dict_id=False, threads=0
    )
    data = "".join(line + "\n" for line in lines).encode("ascii")
    return zstandard.ZstdCompressor(compression_params=params).compress(data)


def unpack(data: bytes, what: str) -> bytes:
    """Decompress what `pack` made; `what` (its path) names it in errors."""
    try:
        size = zstandard.frame_content_size(data)
        if not 0 <= size <= TRACES_LIMIT:
            raise ResultsError(f"{what}: claims {size} bytes, more than traces have")
        return zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise ResultsError(f"{what} is damaged: {error}") from error
