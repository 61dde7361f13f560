"""The PNG files of charts: written whole, the same everywhere, without a word."""

import os
import shutil
import subprocess
import sys

import matplotlib
import pytest

from headstart.errors import OutputError
from headstart.reporting.plots.class_charts import draw_confusion_matrix, draw_reliability
from headstart.reporting.render.fonts import FontBook, plotting_fonts

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


def test_settings_of_the_user_change_no_chart_and_are_left_as_they_were(evaluation_of, tmp_path):
    evaluation = evaluation_of("abcd")
    draw_reliability(evaluation, tmp_path / "one.png")
    own = {"lines.linewidth": 9.0, "font.size": 30.0, "text.usetex": True, "figure.autolayout": True}
    with matplotlib.rc_context(own):
        draw_reliability(evaluation, tmp_path / "two.png")
        assert {key: matplotlib.rcParams[key] for key in own} == own
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


DRAW = (
    "import sys, logging, numpy, pathlib; from headstart.metrics.classification.evaluation import evaluate; "
    "from headstart.reporting.plots import class_charts; "
    "found = evaluate(numpy.array([0, 1]), numpy.eye(2), ['cat', 'dog'], resamples=100); "
    "before = [name for name in ('matplotlib', 'scipy', 'sklearn', 'pandas', 'torch') if name in sys.modules]; "
    "path = pathlib.Path(sys.argv[1]); class_charts.draw_confusion_matrix(found, path); "
    "class_charts.draw_reliability(found, path); "
    "print(before, 'matplotlib.pyplot' in sys.modules, logging.getLogger('matplotlib').level)"
)


@pytest.mark.parametrize("home", ["nowhere", "settings"])
def test_drawing_says_nothing_where_home_cannot_be_written_to_or_the_settings_are_wrong(home, tmp_path):
    unset = ("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment["HOME"] = os.devnull  # nothing can be made below a file
    if home == "settings":
        (tmp_path / "matplotlibrc").write_text("no.such.key: 1\nfont.family: No Such Font\nbackend: tkagg\n")
        environment["MPLCONFIGDIR"] = str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", DRAW, str(tmp_path / "matrix.png")],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    # Neither the import of the charts nor an evaluation loads a heavy library; drawing loads no pyplot.
    assert (done.stdout, done.stderr) == ("[] False 0\n", "")


def test_a_broken_font_file_of_a_known_name_is_passed_over(evaluation_of, tmp_path):
    (tmp_path / "dejavusans.ttf").write_bytes(b"not a font")
    shutil.copy(plotting_fonts() / "DejaVuSans.ttf", tmp_path / "simhei.ttf")
    book = FontBook((tmp_path,))
    assert draw_confusion_matrix(evaluation_of(["Ωмега", "b"]), tmp_path / "matrix.png", book) == ()
