from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netopt.errors import CheckError
from netopt.solution.csv_tables import guard_text, read_table, unguard_text, write_table

COLUMNS = {"name": "str", "tonnes": "float", "open": "bool"}


@given(st.text())
def test_a_guarded_text_is_no_formula_and_comes_back(text: str) -> None:
    assert unguard_text(guard_text(text)) == text
    assert not guard_text(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
            st.floats(allow_nan=False, allow_infinity=False),
            st.booleans(),
        )
    )
)
def test_a_table_reads_back_to_the_last_bit(rows: list[tuple[str, float, bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.csv"
        table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
        write_table(table, COLUMNS, path)
        pd.testing.assert_frame_equal(read_table(path, COLUMNS), table, check_exact=True)


def test_hostile_cells_are_text_in_the_file(tmp_path: Path) -> None:
    names = ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "\rx", "'=x", "CN-11"]
    table = pd.DataFrame({"name": names, "tonnes": -1.5, "open": True}).astype(COLUMNS)
    write_table(table, COLUMNS, tmp_path / "one.csv")
    with (tmp_path / "one.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    assert [row[0] for row in rows] == [f"'{name}" for name in names[:-1]] + ["CN-11"]
    assert {row[1] for row in rows} == {"-1.5"}
    assert list(read_table(tmp_path / "one.csv", COLUMNS)["name"]) == names


def test_an_absent_file_is_a_table_without_rows(tmp_path: Path) -> None:
    table = read_table(tmp_path / "absent.csv", COLUMNS)
    assert len(table) == 0
    assert {name: str(kind) for name, kind in table.dtypes.items()} == {
        "name": "str",
        "tonnes": "float64",
        "open": "bool",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,tonnes\na,1\n", "columns missing: open"),
        ("name,tonnes,open\na,nan,True\n", "row 2, column tonnes: 'nan' is not a finite number"),
        ("name,tonnes,open\na,inf,True\n", "'inf' is not a finite number"),
        ("name,tonnes,open\na,,True\n", "'' is not a finite number"),
        ("name,tonnes,open\na,1,maybe\n", "column open: 'maybe' is not True or False"),
        ("name,tonnes,open\na,1\n", "row 2: 2 cells where the header has 3"),
        ("name,name,tonnes,open\na,b,1,True\n", "a column appears twice"),
        ('name,tonnes,open\n"a,1,True\n', "not a readable CSV file"),
        ("", "columns missing"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "one.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CheckError) as caught:
        read_table(path, COLUMNS)
    assert said in str(caught.value)


def test_every_bad_cell_is_listed_up_to_a_point(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("name,tonnes,open\n" + "a,x,y\n" * 15, encoding="utf-8")
    with pytest.raises(CheckError) as caught:
        read_table(path, COLUMNS)
    assert str(caught.value).count("is not") == 20
    assert "and 10 more" in str(caught.value)


def test_bytes_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_bytes("name,tonnes,open\n云,1,True\n".encode("gb18030"))
    with pytest.raises(CheckError, match="not a readable CSV"):
        read_table(path, COLUMNS)
