"""Tables as spreadsheets and programs write them."""

import csv
import io

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from headstart.data.delimited import SEPARATORS, read_delimited
from headstart.errors import DataError
from headstart.runtime.findings import Finding

WHERE = Finding("data.the_table", {"path": "t.csv"})


def read(text: str) -> tuple[list[str], list[list[str]]]:
    found = read_delimited(text, WHERE)
    return found.names, found.rows


@pytest.mark.parametrize(
    "text",
    [
        "path,label\na.png,cat\nb.png,dog\n",
        "path;label\na.png;cat\nb.png;dog\n",
        "path\tlabel\na.png\tcat\nb.png\tdog\n",
        "path|label\na.png|cat\nb.png|dog\n",
        "sep=;\npath;label\na.png;cat\nb.png;dog\n",
        '"sep=;"\r\npath;label\r\na.png;cat\r\nb.png;dog\r\n',
        "path, label\na.png, cat\nb.png, dog\n",
        " path ,label \na.png,cat\nb.png,dog\n",
        'path, label\n"a.png", "cat"\n"b.png", "dog"\n',
        "path,label\na.png,cat\nb.png,dog\n,\n,\n\n",
        "path,label,,\na.png,cat,,\nb.png,dog,,\n,,,\n",
        "path;label;\na.png;cat;\n;;\nb.png;dog;\n",
        "path,label\ra.png,cat\rb.png,dog\r",
        "sep= \npath label\na.png cat\nb.png dog\n",
    ],
)
def test_every_way_to_write_two_columns_gives_the_same(text):
    assert read(text) == (["path", "label"], [["a.png", "cat"], ["b.png", "dog"]])


def test_a_separator_in_labels_or_numbers_does_not_divide():
    assert read("path,label\na.png,disc;red\nb.png,disc\n")[1] == [["a.png", "disc;red"], ["b.png", "disc"]]
    assert read("path;score\na.png;1,5\nb.png;2,5\n")[1] == [["a.png", "1,5"], ["b.png", "2,5"]]
    assert read("path;score, mean\na.png;1,5\n") == (["path", "score, mean"], [["a.png", "1,5"]])


def test_a_line_break_in_quotes_is_part_of_a_cell_and_lines_are_counted_as_an_editor_does():
    found = read_delimited('sep=,\npath,label\n"a\nb.png",cat\n\nc.png,dog\n', WHERE)
    assert (found.rows, found.lines) == ([["a\nb.png", "cat"], ["c.png", "dog"]], [3, 6])


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(DataError) as caught:
        read("path,label, label \na.png,x,y\n")
    assert str(caught.value) == (
        "The table 't.csv' has two columns called 'label'. Its columns are 'path', 'label' and 'label'. "
        "Rename one of them."
    )


def test_columns_without_a_name_are_kept_apart():
    assert read(",path,,label\n0,a.png,,cat\n")[0] == ["", "path", "Unnamed: 2", "label"]


WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"), exclude_characters="|"), min_size=1)
CELLS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r")).map(str.strip)


@given(
    st.lists(WORDS, min_size=2, max_size=5),
    st.lists(st.lists(CELLS, min_size=5, max_size=5), max_size=6),
    st.sampled_from(SEPARATORS),
)
def test_whatever_is_written_after_a_line_that_names_the_separator_is_read_again(names, rows, separator):
    rows = [row[: len(names)] for row in rows]
    assume(all(any(row) for row in rows))
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerows([[f"c{place} {name}" for place, name in enumerate(names)], *rows])
    found = read(f"sep={separator}\n{out.getvalue()}")
    assert found[1] == rows


SIMPLE = st.text("abcdefghijk0123456789 _-./äß玫瑰", min_size=1).filter(lambda text: text == text.strip())


@given(
    st.lists(st.lists(SIMPLE, min_size=3, max_size=3), min_size=1, max_size=6),
    st.sampled_from(SEPARATORS),
    st.sampled_from(["", " "]),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(0, 3),
)
def test_the_separator_is_found_whatever_stands_around_it(rows, separator, blank, end, empty):
    between = separator + (blank if separator != "\t" else "")
    lines = [between.join(row) for row in [["path", "label", "note"], *rows]] + [between * 2] * empty
    assert read(end.join(lines) + end) == (["path", "label", "note"], rows)


@given(st.text())
def test_any_text_is_read_or_explained(text):
    try:
        names, rows = read(text)
    except DataError:
        return
    assert all(len(row) == len(names) for row in rows)


@pytest.mark.parametrize("text", ['path,label\na.png,"cat\nb.png,dog\nc.png,cat\n', 'path,label\na.png,"cat'])
def test_a_quote_that_is_left_open_swallows_no_rows(text):
    with pytest.raises(DataError) as caught:
        read(text)
    assert str(caught.value) == (
        "The table 't.csv' has a quote that is not closed. The row that begins in line 2 would hold all that follows. "
        "Close the quote, or write it twice inside a quoted cell."
    )


def test_an_open_quote_in_the_header_is_refused_too():
    with pytest.raises(DataError, match="line 1"):
        read('path,"label\na.png,cat\n')


def test_rows_without_content_may_come_before_the_header():
    assert read("\n,,\npath,label\na.png,cat\n") == (["path", "label"], [["a.png", "cat"]])
    assert read("") == read("\n\n") == ([], [])


def test_a_cell_may_be_as_long_as_it_likes():
    assert read("path,note\na.png," + "x" * 200_000)[1] == [["a.png", "x" * 200_000]]
