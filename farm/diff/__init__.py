"""What differs between two kernels: `resolve` their names, `compare` them, show it `as_text` or as JSON."""

from farm.diff.compare import (
    ENDING,
    PROBE_CHANGED,
    WHOLE_CELL,
    Diff,
    Only,
    compare,
    compare_at,
    differing,
    place_key,
    together,
)
from farm.diff.groups import Group, by_behaviour, counts, group, where_text
from farm.diff.labels import Labeller, config_differences, option_value
from farm.diff.names import Choice, resolve
from farm.diff.text import as_text, by_reason, missing_text, probes_text, summary_line, value_text

__all__ = [
    "ENDING",
    "PROBE_CHANGED",
    "WHOLE_CELL",
    "Choice",
    "Diff",
    "Group",
    "Labeller",
    "Only",
    "as_text",
    "by_behaviour",
    "by_reason",
    "compare",
    "compare_at",
    "config_differences",
    "counts",
    "differing",
    "group",
    "missing_text",
    "option_value",
    "place_key",
    "probes_text",
    "resolve",
    "summary_line",
    "together",
    "value_text",
    "where_text",
]
