"""Results in formats that others read; one module for each format, all of them in the table FORMATS.

results ─► sheets (a cell each, also those that are missing) ─► rows (a probe each, judged) ─► one format's texts.

What is missing is exported as missing; text of a guest is made harmless once, in farm/export/rows.py.
"""

from farm.export.documents import Format, Options, write
from farm.export.formats import FORMATS
from farm.export.rows import Row, Status
from farm.export.sheets import Sheet, Wanted, problems, sheets

__all__ = ["FORMATS", "Format", "Options", "Row", "Sheet", "Status", "Wanted", "problems", "sheets", "write"]
