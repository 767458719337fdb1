"""The spreadsheet of a session: whole, harmless, readable, the same for the same tables."""

import io
import re
import zipfile
from xml.etree import ElementTree

from viz.classroom.workbook import MOST_CHARACTERS, workbook

TEXTS = (
    "=1+1",
    "+cmd|'/c calc'!A0",
    "-2",
    "@SUM(A1)",
    "\uff1d1",
    "http://example.org/",
    "7",
    "two\nlines",
    "<b>&",
)
CODEBOOK = {"messages.csv": {"text": "what was said", "round": "round", "kept": "whether it was kept"},
            "empty.csv": {"only": "nothing is here"}}  # fmt: skip
SPACE = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def read(data):
    """Return the sheets of a workbook by name, as rows of (type, text); there may be no formula and no link."""
    book = zipfile.ZipFile(io.BytesIO(data))
    names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    strings = [
        "".join(part.text or "" for part in one.iter(f"{{{SPACE['m']}}}t"))
        for one in ElementTree.fromstring(book.read("xl/sharedStrings.xml")).findall("m:si", SPACE)
    ]

    def cell(found):
        text = found.find("m:v", SPACE).text
        return found.get("t"), strings[int(text)] if found.get("t") == "s" else text

    sheets = {}
    for number, name in enumerate(names, start=1):
        root = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
        assert root.find(".//m:f", SPACE) is None and root.find(".//m:hyperlink", SPACE) is None
        sheets[name] = [
            [cell(c) for c in row.findall("m:c", SPACE)] for row in root.findall(".//m:row", SPACE)
        ]
    return sheets


def test_texts_are_texts_and_numbers_numbers():
    """What looks like a formula or an address stays a text as it was typed; numbers and flags keep their kinds."""
    rows = [{"text": text, "round": n, "kept": n % 2 == 0} for n, text in enumerate(TEXTS)]
    found = read(workbook({"messages.csv": rows, "empty.csv": []}, CODEBOOK))["messages"]
    assert [word for _, word in found[0]] == ["text", "round", "kept"]
    for number, (text, row) in enumerate(zip(TEXTS, found[1:], strict=True)):
        assert row == [("s", text), (None, str(number)), ("b", str(int(number % 2 == 0)))]


def test_the_codebook_comes_first_and_tells_every_column():
    """Each column of each sheet has a line; a table without rows keeps its headings."""
    found = read(workbook({"messages.csv": [], "empty.csv": []}, CODEBOOK))
    assert list(found) == ["codebook", "messages", "empty"]
    told = [tuple(word for _, word in row) for row in found["codebook"][1:]]
    assert told == [
        (n.removesuffix(".csv"), c, m) for n, columns in CODEBOOK.items() for c, m in columns.items()
    ]
    assert [word for _, word in found["empty"][0]] == ["only"]


def test_what_no_cell_can_hold_is_cut_and_says_so():
    """A text beyond a cell's limit is cut with a note; the same tables give the same bytes."""
    tables = {"messages.csv": [{"text": "x" * 40_000, "round": 1, "kept": None}], "empty.csv": []}
    data = workbook(tables, CODEBOOK)
    text = read(data)["messages"][1][0][1]
    assert len(text) == MOST_CHARACTERS and text.endswith("[cut: the CSV file holds the whole]")
    assert workbook(tables, CODEBOOK) == data
