"""The confusion matrix: its cells, its names, in which fonts."""

import numpy as np
import pytest
from fontTools.ttLib import TTCollection, TTFont
from PIL import Image

from headstart.metrics.classification.evaluation import evaluate
from headstart.reporting.plots.class_charts import draw_confusion_matrix
from headstart.reporting.plots.confusion import confusion_chart
from headstart.reporting.plots.style import FIELD, INK, RIGHT, WRONG, chart_font, chart_style, text_width
from headstart.reporting.render.contact_sheet import Mistake, draw_mistakes
from headstart.reporting.render.fonts import FontBook, FontFace, drawable_names, font_folders, plotting_fonts

BARE = FontBook(folders=())  # a machine without fonts: only those that come with Pillow and Matplotlib
CHINESE = ("玫瑰", "郁金香", "百合")


def colour_at(axes, row, column):
    return "#{:02x}{:02x}{:02x}".format(*axes.collections[0].get_array()[row, column])


def texts_of(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.mark.parametrize("count", [1, 2, 12, 24, 30, 81, 250, 1000])
def test_a_confusion_matrix_has_a_readable_size_whatever_the_number_of_classes(evaluation_of, count, tmp_path):
    classes = [f"class {number}" for number in range(count)]
    assert draw_confusion_matrix(evaluation_of(classes), tmp_path / "matrix.png", BARE) == ()
    with Image.open(tmp_path / "matrix.png") as picture:
        assert picture.format == "PNG"
        assert 600 < picture.width < 2400 and 300 < picture.height < 2400


def test_the_colours_of_the_matrix_are_those_of_its_counts(style):
    right, wrong = np.diag([2, 2]), np.diag([2, 2])[::-1]
    axes = confusion_chart(right, ["a", "b"], BARE).axes[0]
    assert [colour_at(axes, row, column) for row in (0, 1) for column in (0, 1)] == [RIGHT, FIELD, FIELD, RIGHT]
    axes = confusion_chart(wrong, ["a", "b"], BARE).axes[0]
    assert [colour_at(axes, row, column) for row in (0, 1) for column in (0, 1)] == [FIELD, WRONG, WRONG, FIELD]


def test_a_rarer_confusion_is_paler_and_a_single_one_among_thousands_is_still_seen(style):
    axes = confusion_chart(np.array([[9999, 1, 0], [50, 50, 0], [0, 0, 0]]), ["a", "b", "c"], BARE).axes[0]
    grey = [sum(axes.collections[0].get_array()[cell].astype(int)) for cell in ((0, 2), (0, 1), (1, 0))]
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


def test_large_cells_show_count_and_share_and_the_rows_their_sum(style):
    shown = texts_of(confusion_chart(np.array([[3, 1], [0, 0]]), ["cat", "dog"], BARE))
    assert [text for text in shown if text not in ("cat", "dog")] == [
        *("3", "75%", "1", "25%"), *("4", "0", "n"), *("predicted class", "true class"),
    ]  # fmt: skip
    assert sorted(text for text in shown if text in ("cat", "dog")) == ["cat", "cat", "dog", "dog"]


def test_small_cells_show_the_count_alone_and_the_smallest_nothing(style):
    assert "100%" not in texts_of(confusion_chart(np.eye(30, dtype=int) * 7, ["a"] * 30, BARE))
    assert "7" in texts_of(confusion_chart(np.eye(30, dtype=int) * 7, ["a"] * 30, BARE))
    assert set(texts_of(confusion_chart(np.eye(120, dtype=int), ["a"] * 120, BARE))) <= {
        "a",
        "predicted class",
        "true class",
    }


@pytest.mark.parametrize("count", [5, 24, 40])
def test_a_count_of_many_digits_stays_in_its_cell(count, style, extent):
    figure = confusion_chart(np.eye(count, dtype=int) * 12_345_678, ["a"] * count, BARE)
    cell = extent(figure.axes[0]).width / count
    counts = [text for text in figure.axes[0].texts if text.get_text() == "12345678" and text.get_clip_on()]
    assert len(counts) == count
    assert all(extent(text).width < cell for text in counts)


def test_names_of_any_length_keep_their_ends_and_do_not_lie_on_each_other(style, extent):
    names = ["Golden-Delicious-apple-from-the-supermarket-12", "W" * 300, "a", "the-end"]
    figure = confusion_chart(np.eye(4, dtype=int), names, BARE)
    labels = [text for text in figure.axes[0].texts if text.get_color() == INK and not text.get_clip_on()]
    assert {"a", "the-end"} < {text.get_text() for text in labels}
    assert any(text.get_text().startswith("Golden") and text.get_text().endswith("-12") for text in labels)
    boxes = [extent(text) for text in labels]
    assert all(one is other or not one.overlaps(other) for one in boxes for other in boxes)
    assert all(0 <= box.x0 and 0 <= box.y0 for box in boxes)


@pytest.fixture(scope="module")
def chinese_fonts(tmp_path_factory):
    """Fonts under known names in which Chinese characters have the shapes of Latin letters: a file and a collection."""
    folder = tmp_path_factory.mktemp("fonts")
    font = TTFont(plotting_fonts() / "DejaVuSans.ttf")
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap |= {ord(character): table.cmap[ord("W")] for character in "".join(CHINESE)}
    (folder / "file").mkdir()
    font.save(folder / "file" / "simhei.ttf")
    collection = TTCollection()
    collection.fonts = [
        *(TTFont(plotting_fonts() / "DejaVuSans.ttf") for _ in range(2)),
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
def test_chinese_names_are_drawn_in_a_font_that_has_them(evaluation_of, chinese_fonts, place, tmp_path, style):
    book = FontBook((chinese_fonts / place,))
    face = book.face_for("玫瑰")
    assert face.index == (2 if place == "collection" else 0)
    assert text_width(chart_font(book, "玫瑰", 20), "玫瑰") == pytest.approx(
        text_width(chart_font(BARE, "WW", 20), "WW"), rel=0.02
    )  # of the letter that its shapes are made of
    assert draw_confusion_matrix(evaluation_of(CHINESE), tmp_path / "a.png", book) == ()
    draw_confusion_matrix(evaluation_of(["WW", "WWW", "WW"]), tmp_path / "b.png", BARE)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_names_that_are_written_from_the_right_are_drawn_as_they_are_read(style):
    hebrew = "שלום"
    book = FontBook((plotting_fonts(),))
    assert book.face_for(hebrew) == FontFace(plotting_fonts() / "DejaVuSans.ttf")
    assert hebrew in texts_of(confusion_chart(np.eye(2, dtype=int), [hebrew, "سلام"], book))


def test_control_characters_and_marks_of_direction_never_reach_a_chart(evaluation_of, tmp_path):
    names = ["a\x07\u202eb", "two\nlines", "$x^2_$ \\frac", "#1 & <b>"]
    assert draw_confusion_matrix(evaluation_of(names), tmp_path / "matrix.png", BARE) == ()
    with chart_style():
        shown = texts_of(confusion_chart(np.eye(4, dtype=int), drawable_names(names, BARE).names, BARE))
    assert {"ab", "two lines", "$x^2_$ \\frac", "#1 & <b>"} < set(shown)
