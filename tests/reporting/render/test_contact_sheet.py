"""Sheets of pictures with captions: the most confident mistakes, and what a check found."""

import numpy as np
import pytest
from PIL import Image, ImageColor

from headstart.errors import DataError
from headstart.reporting.plots.style import WARN
from headstart.reporting.render.canvas import Canvas
from headstart.reporting.render.contact_sheet import SIDE, Card, Mistake, captions, draw_mistakes, draw_sheet
from headstart.reporting.render.fonts import FontBook

BARE = FontBook(folders=())  # a machine without fonts: only the one that comes with Pillow


def mistakes(count):
    return [
        Mistake(
            Image.new("RGB", (40 + place, 30), (200, place * 7 % 255, 0)).copy,
            "cat", "dog", place / 100, f"{place}.png",
        )
        for place in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (6, 1), (7, 2), (24, 4), (40, 4)])
def test_the_sheet_of_mistakes_has_six_in_a_row_and_at_most_24(count, rows, tmp_path):
    assert draw_mistakes(mistakes(count), tmp_path / "mistakes.png", ["cat", "dog"], BARE) == ()
    with Image.open(tmp_path / "mistakes.png") as sheet:
        assert sheet.width == (1676 if count >= 6 else sheet.width) and sheet.width > 500
        assert (sheet.height - 150) / rows == 346  # a picture, three lines and a gap


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
    assert tuple(map(str, notices)) == (f"The picture 'a.png' could not be read for the sheet of mistakes: {error}",)
    assert (tmp_path / "m.png").exists()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "LA"])
def test_pictures_of_every_mode_are_shown_and_not_changed(mode, tmp_path):
    picture = Image.new(mode, (300, 500))
    draw_mistakes([Mistake(lambda: picture, "cat", "dog", 0.9, "a.png")], tmp_path / "m.png", ["cat", "dog"], BARE)
    assert picture.size == (300, 500) and picture.mode == mode


def test_two_pictures_of_a_card_lie_side_by_side_and_a_caption_of_any_length_fits_below(tmp_path):
    red, blue = Image.new("RGB", (90, 90), (250, 0, 0)), Image.new("RGB", (90, 90), (0, 0, 250))
    card = Card((red.copy, blue.copy), captions("a" * 500, "玫瑰/1.jpg"))
    assert draw_sheet("Near copies", ["Two."], [card], tmp_path / "x.png", BARE) == ()
    with Image.open(tmp_path / "x.png") as sheet:
        pixels = np.asarray(sheet).astype(int)
    columns = [np.flatnonzero((pixels == colour).all(axis=2).any(axis=0)) for colour in ((250, 0, 0), (0, 0, 250))]
    assert [len(one) for one in columns] == [SIDE - 4, SIDE - 4] and columns[1][0] == columns[0][0] + SIDE
    dark = np.flatnonzero((pixels.sum(axis=2) < 300).any(axis=0))
    assert dark.max() <= columns[1][-1] + 2 or dark.max() < pixels.shape[1] - 40


def test_the_wrong_class_is_orange(tmp_path):
    draw_mistakes(mistakes(1), tmp_path / "x.png", ["cat", "dog"], BARE)
    with Image.open(tmp_path / "x.png") as sheet:
        assert ImageColor.getrgb(WARN) in {colour for _, colour in sheet.getcolors(10**6)}


def test_a_canvas_is_white():
    assert Canvas.blank(3, 2, BARE).sheet.getcolors() == [(6, (255, 255, 255))]
