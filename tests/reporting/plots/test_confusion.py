"""The confusion matrix: its cells, its names, in which fonts."""

from itertools import combinations

import numpy as np
import pytest
from fontTools.ttLib import TTCollection, TTFont
from PIL import Image, ImageFont

from headstart.metrics.classification.evaluation import evaluate
from headstart.reporting.plots.class_charts import draw_confusion_matrix
from headstart.reporting.plots.confusion import cell_size, confusion_chart
from headstart.reporting.plots.drawing import Cells, Word
from headstart.reporting.plots.style import FIELD, INK, RIGHT, WRONG
from headstart.reporting.render.canvas import Canvas, text_width
from headstart.reporting.render.contact_sheet import Mistake, draw_mistakes
from headstart.reporting.render.fonts import FontBook, FontFace, drawable_names, font_folders, load_font, packaged_fonts

BARE = FontBook(folders=())  # a machine without fonts: only the one that comes with Pillow
CHINESE = ("玫瑰", "郁金香", "百合")


def tints_of(drawing):
    (cells,) = (mark for mark in drawing.marks if isinstance(mark, Cells))
    return cells.tints


def colours_of(drawing):
    return [["#" + bytes(tint).hex() for tint in row] for row in tints_of(drawing)]


def box_of(word):
    """Left, top, right and bottom of a text, in points."""
    (x, y), long = word.points[0], text_width(BARE, round(10 * word.size), word.text) / 10
    start = -long * {"start": 0, "middle": 0.5, "end": 1}[word.anchor]
    if word.turned:
        return x - word.size / 2, y - start - long, x + word.size / 2, y - start
    return x + start, y - word.size / 2, x + start + long, y + word.size / 2


@pytest.mark.parametrize("count", [1, 2, 12, 24, 30, 81, 250, 1000])
def test_a_confusion_matrix_has_a_readable_size_whatever_the_number_of_classes(evaluation_of, count, tmp_path):
    classes = [f"class {number}" for number in range(count)]
    assert draw_confusion_matrix(evaluation_of(classes), tmp_path / "matrix.png", BARE) == ()
    with Image.open(tmp_path / "matrix.png") as picture:
        assert picture.format == "PNG"
        assert 600 < picture.width < 2400 and 300 < picture.height < 2400


def test_the_colours_of_the_matrix_are_those_of_its_counts():
    right, wrong = np.diag([2, 2]), np.diag([2, 2])[::-1]
    assert colours_of(confusion_chart(right, ["a", "b"], BARE)) == [[RIGHT, FIELD], [FIELD, RIGHT]]
    assert colours_of(confusion_chart(wrong, ["a", "b"], BARE)) == [[FIELD, WRONG], [WRONG, FIELD]]


def test_a_rarer_confusion_is_paler_and_a_single_one_among_thousands_is_still_seen():
    tints = tints_of(confusion_chart(np.array([[9999, 1, 0], [50, 50, 0], [0, 0, 0]]), ["a", "b", "c"], BARE))
    grey = [sum(tints[cell].astype(int)) for cell in ((0, 2), (0, 1), (1, 0))]
    assert grey[0] > grey[1] + 20 > grey[2] + 40


def test_every_cell_lies_where_row_and_column_say(tmp_path):
    # 120 classes: cells of 10 pixels without text; class 3 is taken for class 7, everything else is right.
    labels = np.arange(120)
    predicted = np.where(labels == 3, 7, labels)
    names = [str(number) for number in range(120)]
    evaluation = evaluate(labels, np.eye(120)[predicted], names, resamples=100)
    draw_confusion_matrix(evaluation, tmp_path / "matrix.png", BARE)
    with Image.open(tmp_path / "matrix.png") as picture:
        image = np.asarray(picture)
    blue, orange = (np.argwhere((image == tuple(bytes.fromhex(one[1:]))).all(axis=2)) for one in (RIGHT, WRONG))
    (top, left), (bottom, right) = blue.min(axis=0), blue.max(axis=0)
    cell = (bottom - top + 1) / 120
    assert cell == pytest.approx((right - left + 1) / 120, abs=0.02) == pytest.approx(10, abs=0.2)
    assert {int((row - top) // cell) for row, _ in orange} == {3}
    assert {int((column - left) // cell) for _, column in orange} == {7}


def test_large_cells_show_count_and_share_and_the_rows_their_sum():
    shown = confusion_chart(np.array([[3, 1], [0, 0]]), ["cat", "dog"], BARE).words()
    assert [text for text in shown if text not in ("cat", "dog")] == [
        *("3", "75%", "1", "25%"), *("n", "4", "0"), *("predicted class", "true class"),
    ]  # fmt: skip
    assert sorted(text for text in shown if text in ("cat", "dog")) == ["cat", "cat", "dog", "dog"]


def test_small_cells_show_the_count_alone_and_the_smallest_nothing():
    assert "100%" not in confusion_chart(np.eye(30, dtype=int) * 7, ["a"] * 30, BARE).words()
    assert "7" in confusion_chart(np.eye(30, dtype=int) * 7, ["a"] * 30, BARE).words()
    assert set(confusion_chart(np.eye(120, dtype=int), ["a"] * 120, BARE).words()) <= {
        "a",
        "predicted class",
        "true class",
    }


@pytest.mark.parametrize("count", [5, 24, 40])
def test_a_count_of_many_digits_stays_in_its_cell(count):
    drawing = confusion_chart(np.eye(count, dtype=int) * 12_345_678, ["a"] * count, BARE)
    counts = [mark for mark in drawing.marks if isinstance(mark, Word) and mark.text == "12345678"]
    boxes = [box_of(word) for word in counts if word.anchor == "middle"]
    assert len(boxes) == count
    assert all(right - left < cell_size(count) for left, _, right, _ in boxes)


def test_names_of_any_length_keep_their_ends_and_do_not_lie_on_each_other():
    names = ["Golden-Delicious-apple-from-the-supermarket-12", "W" * 300, "a", "the-end"]
    drawing = confusion_chart(np.eye(4, dtype=int), names, BARE)
    labels = [mark for mark in drawing.marks if isinstance(mark, Word) and mark.tint == INK]
    assert {"a", "the-end"} < {label.text for label in labels}
    assert any(label.text.startswith("Golden") and label.text.endswith("-12") for label in labels)
    boxes = [box_of(label) for label in labels]
    overlapping = [
        (one, other)
        for one, other in combinations(boxes, 2)
        if one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
    ]
    assert overlapping == []
    assert all(left >= 0 and top >= 0 and bottom <= drawing.height for left, top, _, bottom in boxes)


@pytest.fixture(scope="module")
def chinese_fonts(tmp_path_factory):
    """Fonts under known names in which Chinese characters have the shapes of Latin letters: a file and a collection."""
    folder = tmp_path_factory.mktemp("fonts")
    font = TTFont(packaged_fonts() / "DejaVuSans.ttf")
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap |= {ord(character): table.cmap[ord("W")] for character in "".join(CHINESE)}
    (folder / "file").mkdir()
    font.save(folder / "file" / "simhei.ttf")
    collection = TTCollection()
    collection.fonts = [
        *(TTFont(packaged_fonts() / "DejaVuSans.ttf") for _ in range(2)),
        TTFont(folder / "file" / "simhei.ttf"),
    ]
    (folder / "collection").mkdir()
    collection.save(folder / "collection" / "NotoSansCJK-Regular.ttc")
    return folder


@pytest.mark.parametrize("fonts", [BARE, FontBook(font_folders())], ids=["without fonts", "with the machine's fonts"])
def test_chinese_names_are_drawn_or_numbered_but_never_warned_of(evaluation_of, fonts, tmp_path):
    notices = draw_confusion_matrix(evaluation_of(CHINESE), tmp_path / "matrix.png", fonts)
    wrong = Mistake(Image.new("L", (9, 9)).copy, "玫瑰", "百合", 0.9, "照片.jpg")
    assert draw_mistakes([wrong], tmp_path / "mistakes.png", CHINESE, fonts) == notices
    assert len(list(tmp_path.glob("*.png"))) == 2
    assert notices == (() if fonts.can_draw("".join(CHINESE)) else drawable_names(CHINESE, fonts).notices)


@pytest.mark.parametrize("place", ["file", "collection"], ids=["a file", "the third face of a collection"])
def test_chinese_names_are_drawn_in_a_font_that_has_them(evaluation_of, chinese_fonts, place, tmp_path):
    book = FontBook((chinese_fonts / place,))
    face = book.face_for("玫瑰")
    assert face.index == (2 if place == "collection" else 0)
    letter = load_font(FontFace(packaged_fonts() / "DejaVuSans.ttf"), 20).getlength("W")
    assert text_width(book, 20, "玫瑰") == pytest.approx(2 * letter, rel=0.02)  # the shapes are made of that letter
    assert draw_confusion_matrix(evaluation_of(CHINESE), tmp_path / "a.png", book) == ()
    draw_confusion_matrix(evaluation_of(CHINESE), tmp_path / "b.png", BARE)
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()


def test_names_that_are_written_from_the_right_are_drawn_as_they_are_read():
    hebrew = "שלום"
    book = FontBook((packaged_fonts(),))
    face = book.face_for(hebrew)
    assert face == FontFace(packaged_fonts() / "DejaVuSans.ttf")
    assert hebrew in confusion_chart(np.eye(2, dtype=int), [hebrew, "سلام"], book).words()
    one_by_one = ImageFont.truetype(face.path, 40, layout_engine=ImageFont.Layout.BASIC)
    shown, turned_round, as_stored = (
        np.asarray(font.getmask(text)).astype(int)[:1800]
        for font, text in ((load_font(face, 40), hebrew), (one_by_one, hebrew[::-1]), (one_by_one, hebrew))
    )
    assert abs(shown - turned_round).mean() < 0.5 * abs(shown - as_stored).mean()


@pytest.mark.parametrize("turned", [False, True])
def test_a_text_is_drawn_where_its_anchor_says(turned):
    for anchor, ends in (("lm", (100, None)), ("rm", (None, 100)), ("mm", (80, 120))):
        canvas = Canvas.blank(200, 200, BARE)
        canvas.write((100, 100), "HHH", 20, INK, anchor, turned=turned)
        rows, columns = np.nonzero(np.asarray(canvas.sheet).sum(axis=2) < 400)
        along, across = (199 - rows, columns) if turned else (columns, rows)
        assert abs((across.min() + across.max()) / 2 - 100) <= 3
        found = along.min(), along.max()
        assert all(end is None or abs(end - place) <= 4 for end, place in zip(ends, found, strict=True)), found


def test_control_characters_and_marks_of_direction_never_reach_a_chart(evaluation_of, tmp_path):
    names = ["a\x07\u202eb", "two\nlines", "$x^2_$ \\frac", "#1 & <b>"]
    assert draw_confusion_matrix(evaluation_of(names), tmp_path / "matrix.png", BARE) == ()
    shown = confusion_chart(np.eye(4, dtype=int), drawable_names(names, BARE).names, BARE).words()
    assert {"ab", "two lines", "$x^2_$ \\frac", "#1 & <b>"} < set(shown)
