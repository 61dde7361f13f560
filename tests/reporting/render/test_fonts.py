"""Which font of the machine draws a name, and what stands for one that none can draw."""

import shutil

from headstart.reporting.render.canvas import fit_text, text_width
from headstart.reporting.render.fonts import (
    FontBook,
    FontFace,
    drawable_names,
    drawable_part,
    load_font,
    normalise,
    packaged_fonts,
)

BARE = FontBook(folders=())  # a machine without fonts: only the one that comes with Pillow


def test_names_that_cannot_be_drawn_become_numbers_and_the_notice_says_what_helps():
    drawn = drawable_names(["rose", "郁金香", "lily", "百合"], BARE)
    assert drawn.names == ("rose", "#2", "lily", "#4")
    assert tuple(map(str, drawn.notices)) == (
        "No font on this machine can draw '郁金香' and 1 more. The pictures show numbers instead of these names, "
        "#1 for the first class. A font for Chinese, Japanese and Korean comes with: apt-get install fonts-noto-cjk",
    )
    plain = "No font on this machine can draw '🐜 ant'. The pictures show numbers instead of these names, "
    assert tuple(map(str, drawable_names(["🐜 ant"], BARE).notices)) == (
        f"{plain}#1 for the first class.",
    )  # a CJK font has no emoji
    assert str(drawable_names(["玫瑰"], BARE).notices[0]).startswith("No font on this machine can draw '玫瑰'. The")


def test_a_name_of_nothing_visible_becomes_its_number():
    assert drawable_names(["\u200b", "b"], BARE).names == ("#1", "b")


def test_a_font_of_a_known_name_is_found_in_a_subfolder_and_used_only_where_it_is_needed(tmp_path):
    folder = tmp_path / "truetype" / "somewhere"
    folder.mkdir(parents=True)
    shutil.copy(packaged_fonts() / "DejaVuSans.ttf", folder / "SimHei.TTF")
    shutil.copy(packaged_fonts() / "DejaVuSans.ttf", folder / "unknown.ttf")
    book = FontBook((tmp_path,))
    assert book.face_for("Ωмега") == FontFace(folder / "SimHei.TTF")
    assert load_font(book.face_for("Ωмега"), 20).getname()[0] == "DejaVu Sans"
    assert book.face_for("omega") == FontFace()
    assert book.face_for("玫瑰") is None
    assert drawable_names(["Ω", "玫瑰"], book).names == ("Ω", "#2")


def test_a_broken_font_file_is_passed_over(tmp_path):
    (tmp_path / "simhei.ttf").write_bytes(b"not a font")
    assert FontBook((tmp_path,)).face_for("玫瑰") is None


def test_of_a_file_name_what_can_be_drawn_is_kept():
    assert drawable_part("照片_01.jpg", BARE) == "..._01.jpg"
    assert drawable_part("plain.jpg", BARE) == "plain.jpg"


def test_names_are_tidied_before_they_are_drawn():
    assert normalise("two\nlines\u200d of e\u0301") == "two lines of é"


def test_a_long_name_loses_its_middle_and_fits():
    name = "Golden-Delicious-apple-from-the-supermarket-12"
    short = fit_text(BARE, name, 20, 200)
    start, end = short.split("...")
    assert name.startswith(start) and name.endswith(end) and end.endswith("-12")
    assert text_width(BARE, 20, short) <= 200
    assert fit_text(BARE, "short", 20, 200) == "short"
