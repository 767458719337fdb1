"""A session's tables as one spreadsheet file, a sheet each; text is written as text, so that none is a formula."""

import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

#: What a cell of a spreadsheet holds at most, in characters.
MOST_CHARACTERS = 32_767
_CUT = " [cut: the CSV file holds the whole]"
#: Widths of columns, in characters: at least, and at most.
_NARROW, _WIDE = 10, 60


def workbook(
    tables: Mapping[str, Sequence[Mapping[str, Any]]], codebook: Mapping[str, Mapping[str, str]]
) -> bytes:
    """Return an xlsx file: the codebook first, then a sheet a table, headings fixed and filtered.

    `codebook` holds the columns and their meaning by the name of each table's file. The same tables give the same
    bytes.
    """
    import xlsxwriter

    file = io.BytesIO()
    plain = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": True,
    }
    book = xlsxwriter.Workbook(file, plain)
    book.set_properties({"title": "A class session of Orebloc", "created": datetime(2026, 1, 1)})
    bold = book.add_format({"bold": True, "bottom": 1})
    meanings = [
        {"sheet": name.removesuffix(".csv"), "column": column, "meaning": meaning}
        for name, columns in codebook.items()
        for column, meaning in columns.items()
    ]
    _sheet(book, "codebook", ("sheet", "column", "meaning"), meanings, bold)
    for name, rows in tables.items():
        _sheet(book, name.removesuffix(".csv"), tuple(codebook[name]), rows, bold)
    book.close()
    return file.getvalue()


def _sheet(
    book: Any, name: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], bold: Any
) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for at, column in enumerate(columns):
        sheet.write_string(0, at, column, bold)
        longest = max((len(str(row.get(column, ""))) for row in rows), default=0)
        sheet.set_column(at, at, min(max(longest, len(column), _NARROW), _WIDE))
    for number, row in enumerate(rows, start=1):
        for at, column in enumerate(columns):
            _cell(sheet, number, at, row.get(column))
    sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)


def _cell(sheet: Any, row: int, column: int, value: Any) -> None:
    """Write one cell: numbers as numbers, yes and no as such, all else as text that nothing takes for a formula."""
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        kept = text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - len(_CUT)] + _CUT
        sheet.write_string(row, column, kept)
