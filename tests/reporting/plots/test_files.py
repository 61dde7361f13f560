"""The PNG files of charts: written whole, the same everywhere, without a word."""

import os
import shutil
import subprocess
import sys

import pytest

from headstart.errors import OutputError
from headstart.reporting.plots.class_charts import draw_confusion_matrix
from headstart.reporting.render.fonts import FontBook, packaged_fonts

BARE = FontBook(folders=())


def test_a_place_that_cannot_be_written_to_is_named(evaluation_of, tmp_path):
    path = tmp_path / "missing" / "matrix.png"
    with pytest.raises(OutputError) as caught:
        draw_confusion_matrix(evaluation_of("ab"), path, BARE)
    assert str(caught.value) == (
        f"The picture '{path}' cannot be written. No such file or directory. Free some space or choose another folder."
    )


def test_the_same_evaluation_gives_the_same_bytes(evaluation_of, tmp_path):
    evaluation = evaluation_of("abcd")
    for name in ("one.png", "two.png"):
        draw_confusion_matrix(evaluation, tmp_path / name, BARE)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


DRAW = (
    "import sys, numpy, pathlib; from headstart.metrics.classification.evaluation import evaluate; "
    "from headstart.reporting.plots import class_charts; "
    "found = evaluate(numpy.array([0, 1]), numpy.eye(2), ['cat', 'dog'], resamples=100); "
    "path = pathlib.Path(sys.argv[1]); class_charts.draw_confusion_matrix(found, path); "
    "class_charts.draw_reliability(found, path); "
    "print([name for name in ('matplotlib', 'scipy', 'sklearn', 'pandas', 'torch') if name in sys.modules])"
)


def test_drawing_loads_nothing_heavy_and_says_nothing_where_home_cannot_be_written_to(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", DRAW, str(tmp_path / "matrix.png")],
        env={**os.environ, "HOME": os.devnull},  # nothing can be made below a file
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_broken_font_file_of_a_known_name_is_passed_over(evaluation_of, tmp_path):
    (tmp_path / "dejavusans.ttf").write_bytes(b"not a font")
    shutil.copy(packaged_fonts() / "DejaVuSans.ttf", tmp_path / "simhei.ttf")
    book = FontBook((tmp_path,))
    assert draw_confusion_matrix(evaluation_of(["Ωмега", "b"]), tmp_path / "matrix.png", book) == ()
