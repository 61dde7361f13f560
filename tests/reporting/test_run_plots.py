import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.errors import DataError, OutputError
from headstart.metrics.evaluation import evaluate
from headstart.metrics.values import ReliabilityBin
from headstart.reporting.drawing import BLUE, ORANGE, blank_canvas, shorten, text_width
from headstart.reporting.fonts import FontBook, drawable_names, drawable_part, font_folders, tidy
from headstart.reporting.plots.confusion import confusion_picture
from headstart.reporting.plots.reliability import judge, reliability_picture
from headstart.reporting.plots.run import Mistake, draw_confusion_matrix, draw_mistakes, draw_reliability

BARE = FontBook(folders=())  # a machine without fonts: only the one that comes with Pillow
CHINESE = ("玫瑰", "郁金香", "百合")
PLOTTING_FONTS = Path(find_spec("matplotlib").origin).parent / "mpl-data" / "fonts" / "ttf"


def evaluation_of(classes, count=200, strength=2.5, groups=None):
    generator = np.random.default_rng(0)
    labels = generator.integers(0, len(classes), count)
    logits = generator.normal(size=(count, len(classes)))
    logits[np.arange(count), labels] += strength
    probabilities = np.exp(logits)
    return evaluate(
        labels, probabilities / probabilities.sum(axis=1, keepdims=True), classes, groups=groups, resamples=100
    )


def mistakes(count):
    return [
        Mistake(
            Image.new("RGB", (40 + place, 30), (200, place * 7 % 255, 0)), "cat", "dog", place / 100, f"{place}.png"
        )
        for place in range(count)
    ]


def has_colour(image, colour):
    return any(found == colour for _, found in image.getcolors(image.width * image.height))


@pytest.mark.parametrize("count", [1, 2, 12, 30, 81, 250, 1000])
def test_a_confusion_matrix_has_a_readable_size_whatever_the_number_of_classes(count, tmp_path):
    classes = [f"class {number}" for number in range(count)]
    assert draw_confusion_matrix(evaluation_of(classes), tmp_path / "matrix.png", BARE) == ()
    with Image.open(tmp_path / "matrix.png") as picture:
        assert picture.format == "PNG"
        assert 600 < picture.width < 2400 and 300 < picture.height < 2400


def test_the_colours_of_the_matrix_are_those_of_its_counts():
    labels = np.array([0, 0, 1, 1])
    right = evaluate(labels, np.eye(2)[labels], ["a", "b"], resamples=100)
    wrong = evaluate(labels, np.eye(2)[1 - labels], ["a", "b"], resamples=100)
    assert has_colour(confusion_picture(right, BARE).image, BLUE)
    assert not has_colour(confusion_picture(wrong, BARE).image, BLUE)
    assert has_colour(confusion_picture(wrong, BARE).image, (232, 110, 0))
    assert not has_colour(confusion_picture(right, BARE).image, (232, 110, 0))


def test_every_cell_lies_where_row_and_column_say():
    # 120 classes: cells of 10 pixels without text; class 3 is taken for class 7, everything else is right.
    labels = np.arange(120)
    predicted = np.where(labels == 3, 7, labels)
    names = [str(number) for number in range(120)]
    image = np.asarray(confusion_picture(evaluate(labels, np.eye(120)[predicted], names, resamples=100), BARE).image)
    blue = np.argwhere((image == BLUE).all(axis=2))
    (top, left), (bottom, right) = blue.min(axis=0), blue.max(axis=0)
    cell = (bottom - top + 1) / 120
    assert cell == pytest.approx((right - left + 1) / 120)
    rows, columns = np.nonzero((image == (232, 110, 0)).all(axis=2))
    assert {int((row - top) // cell) for row in rows} == {3}
    assert {int((column - left) // cell) for column in columns} == {7}


@pytest.mark.parametrize("fonts", [BARE, FontBook(font_folders())], ids=["without fonts", "with the machine's fonts"])
def test_chinese_names_are_drawn_or_numbered_but_never_warned_of(fonts, tmp_path):
    evaluation = evaluation_of(CHINESE)
    notices = draw_confusion_matrix(evaluation, tmp_path / "matrix.png", fonts)
    wrong = Mistake(Image.new("L", (9, 9)), "玫瑰", "百合", 0.9, "照片.jpg")
    assert draw_mistakes([wrong], tmp_path / "mistakes.png", CHINESE, fonts) == notices
    assert draw_reliability(evaluation, tmp_path / "reliability.png", fonts) == ()
    assert len(list(tmp_path.glob("*.png"))) == 3
    assert notices == (() if fonts.can_draw("".join(CHINESE)) else drawable_names(CHINESE, fonts).notices)


def test_names_that_cannot_be_drawn_become_numbers_and_the_notice_says_what_helps():
    drawn = drawable_names(["rose", "郁金香", "lily", "百合"], BARE)
    assert drawn.names == ("rose", "#2", "lily", "#4")
    assert drawn.notices == (
        "No font on this machine can draw '郁金香' and 1 more. The pictures show numbers instead of these names, "
        "#1 for the first class. A font for Chinese, Japanese and Korean comes with: apt-get install fonts-noto-cjk",
    )
    plain = "No font on this machine can draw '🐜 ant'. The pictures show numbers instead of these names, "
    assert drawable_names(["🐜 ant"], BARE).notices == (f"{plain}#1 for the first class.",)  # a CJK font has no emoji
    assert drawable_names(["玫瑰"], BARE).notices[0].startswith("No font on this machine can draw '玫瑰'. The")


def test_a_name_of_nothing_visible_becomes_its_number():
    assert drawable_names(["\u200b", "b"], BARE).names == ("#1", "b")


def test_a_font_of_a_known_name_is_found_in_a_subfolder_and_used_only_where_it_is_needed(tmp_path):
    folder = tmp_path / "truetype" / "somewhere"
    folder.mkdir(parents=True)
    shutil.copy(PLOTTING_FONTS / "DejaVuSans.ttf", folder / "SimHei.TTF")
    shutil.copy(PLOTTING_FONTS / "DejaVuSans.ttf", folder / "unknown.ttf")
    book = FontBook((tmp_path,))
    assert Path(book.font_for("Ωмега", 20).path) == folder / "SimHei.TTF"
    assert book.font_for("omega", 20).getname()[0] == BARE.font_for("omega", 20).getname()[0]
    assert book.font_for("玫瑰", 20) is None
    assert drawable_names(["Ω", "玫瑰"], book).names == ("Ω", "#2")


def test_a_broken_font_file_is_passed_over(tmp_path):
    (tmp_path / "simhei.ttf").write_bytes(b"not a font")
    assert FontBook((tmp_path,)).font_for("玫瑰", 20) is None


def test_of_a_file_name_what_can_be_drawn_is_kept():
    assert drawable_part("照片_01.jpg", BARE) == "..._01.jpg"
    assert drawable_part("plain.jpg", BARE) == "plain.jpg"


def test_names_are_tidied_before_they_are_drawn():
    assert tidy("two\nlines\u200d of e\u0301") == "two lines of é"


def test_a_long_name_loses_its_middle_and_fits():
    name = "Golden-Delicious-apple-from-the-supermarket-12"
    short = shorten(BARE, name, 20, 200)
    start, end = short.split("...")
    assert name.startswith(start) and name.endswith(end) and end.endswith("-12")
    assert text_width(BARE, short, 20) <= 200
    assert shorten(BARE, "short", 20, 200) == "short"


@pytest.mark.parametrize("groups", [None, list("ab") * 100])
def test_a_reliability_diagram_is_drawn_with_bars_or_for_groups_without(groups, tmp_path):
    evaluation = evaluation_of("abc", groups=groups)
    assert draw_reliability(evaluation, tmp_path / "reliability.png", BARE) == ()
    with Image.open(tmp_path / "reliability.png") as picture:
        assert picture.size == (1366, 948)


def test_a_bin_that_is_surely_wrong_is_orange_and_one_that_may_be_right_is_blue():
    half = np.tile([0.5, 0.5], (40, 1))
    sure = np.tile([0.99, 0.01], (40, 1))
    labels = np.arange(40) % 2
    honest = reliability_picture(evaluate(labels, half, "ab", resamples=100), BARE).image
    boasting = reliability_picture(evaluate(labels, sure, "ab", resamples=100), BARE).image
    assert has_colour(honest, BLUE) and not has_colour(honest, ORANGE)
    assert has_colour(boasting, ORANGE) and not has_colour(boasting, BLUE)


def test_a_bin_is_called_by_the_side_of_the_diagonal_it_surely_lies_on():
    verdicts = [
        judge(ReliabilityBin(count, confidence, 0.75), independent=True).verdict
        for count, confidence in ((400, 0.9), (400, 0.6), (400, 0.76), (4, 0.9))
    ]
    assert verdicts == ["overconfident", "underconfident", "", ""]


def test_a_single_example_has_its_pictures_too(tmp_path):
    evaluation = evaluate(np.array([0]), np.array([[0.7, 0.3]]), ["a", "b"], resamples=100)
    draw_reliability(evaluation, tmp_path / "reliability.png", BARE)
    draw_confusion_matrix(evaluation, tmp_path / "matrix.png", BARE)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (6, 1), (7, 2), (24, 4), (40, 4)])
def test_the_sheet_of_mistakes_has_six_in_a_row_and_at_most_24(count, rows, tmp_path):
    assert draw_mistakes(mistakes(count), tmp_path / "mistakes.png", ["cat", "dog"], BARE) == ()
    with Image.open(tmp_path / "mistakes.png") as sheet:
        assert sheet.width == (1676 if count >= 6 else 604)
        assert (sheet.height - 122) // 300 == rows


def test_only_the_most_confident_mistakes_are_loaded(tmp_path):
    loaded = []

    def loader(place):
        def load():
            loaded.append(place)
            return Image.new("RGB", (8, 8))

        return load

    items = [Mistake(loader(place), "cat", "dog", place / 100, f"{place}.png") for place in range(30)]
    draw_mistakes(items, tmp_path / "mistakes.png", ["cat", "dog"], BARE)
    assert loaded == list(range(29, 5, -1))


def test_without_mistakes_the_sheet_says_so(tmp_path):
    assert draw_mistakes([], tmp_path / "mistakes.png", ["cat", "dog"], BARE) == ()
    with Image.open(tmp_path / "mistakes.png") as sheet:
        assert sheet.height < 200
        assert len(sheet.convert("RGB").getcolors(10_000)) > 1


@pytest.mark.parametrize("error", [DataError("The file is gone."), OSError("gone")])
def test_a_picture_that_can_no_longer_be_read_leaves_its_square_empty_and_is_named(error, tmp_path):
    def fail():
        raise error

    notices = draw_mistakes([Mistake(fail, "cat", "dog", 0.9, "a.png")], tmp_path / "m.png", ["cat", "dog"], BARE)
    assert notices == (f"The picture 'a.png' could not be read for the sheet of mistakes: {error}",)
    assert (tmp_path / "m.png").exists()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "LA"])
def test_pictures_of_every_mode_are_shown_and_not_changed(mode, tmp_path):
    picture = Image.new(mode, (300, 500))
    draw_mistakes([Mistake(picture, "cat", "dog", 0.9, "a.png")], tmp_path / "m.png", ["cat", "dog"], BARE)
    assert picture.size == (300, 500) and picture.mode == mode


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    path = tmp_path / "missing" / "matrix.png"
    with pytest.raises(OutputError) as caught:
        draw_confusion_matrix(evaluation_of("ab"), path, BARE)
    assert str(caught.value) == (
        f"The picture '{path}' cannot be written. No such file or directory. Free some space or choose another folder."
    )


def test_the_same_evaluation_gives_the_same_bytes(tmp_path):
    evaluation = evaluation_of("abcd")
    for name in ("one.png", "two.png"):
        draw_confusion_matrix(evaluation, tmp_path / name, BARE)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_a_canvas_is_white():
    assert blank_canvas(3, 2, BARE).image.getcolors() == [(6, (255, 255, 255))]


def test_neither_metrics_nor_pictures_import_heavy_libraries():
    code = (
        "import sys, headstart.metrics.evaluation, headstart.reporting.plots.run as pictures; "
        "pictures.FontBook(pictures.font_folders()).can_draw('Ω'); "
        "print({'matplotlib', 'scipy', 'sklearn', 'pandas', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
