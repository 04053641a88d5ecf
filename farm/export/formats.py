"""The table of formats: a new one is a module beside this one and a line here."""

from farm.export import compat, junit, kcidb, ktap, squad, table
from farm.export.documents import Format

FORMATS = {
    "bcd": Format(
        "the farm's own JSON: since when and until when each value, as browser-compat-data", compat.documents
    ),
    "csv": Format("a table with a row for each word of each probe in each cell", table.documents),
    "junit": Format("JUnit XML, a suite for each cell", junit.documents),
    "kcidb": Format("a KCIDB 5.3 report: checkouts, builds, tests", kcidb.documents),
    "ktap": Format("KTAP, a file for each cell", ktap.documents),
    "squad": Format("tests and metadata of each cell as SQUAD's submit API takes them", squad.documents),
}
