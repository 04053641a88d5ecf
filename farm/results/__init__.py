"""What lies in results/: `scan` to read, `write` to write one cell, `why_not_answered` to plan."""

from farm.results.formats import SCHEMA, CellInfo
from farm.results.inputs import Wanted, changed_families, input_key, why_not_answered
from farm.results.reader import Pool, Problem, Results, StoredCell, kernel_key, one, read_info, scan, version_key
from farm.results.writer import clean, merge, write

__all__ = [
    "SCHEMA",
    "CellInfo",
    "Pool",
    "Problem",
    "Results",
    "StoredCell",
    "Wanted",
    "changed_families",
    "clean",
    "input_key",
    "kernel_key",
    "merge",
    "one",
    "read_info",
    "scan",
    "version_key",
    "why_not_answered",
    "write",
]
