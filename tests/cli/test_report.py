"""``headstart report``, and studies that are kept with their page."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

KEYS = "scores classes confusions calibration guard pictures factors data problems model environment".split()


@pytest.fixture
def run(headstart, flowers) -> Path:
    answer = headstart("fit", flowers, "--head", "centroid", "--out", "run", "--lang", "zh")
    assert answer.exit_code == 0
    return Path("run")


def language(page: Path) -> str:
    return re.search(r'<html lang="([\w-]+)">', page.read_text(encoding="utf-8"))[1]


def test_a_run_ends_with_a_page_in_the_wanted_language(run):
    assert language(run / "report.html") == "zh-Hans"
    assert "数据自带划分" not in (run / "report.html").read_text(encoding="utf-8")  # it was drawn


def test_the_page_is_made_again_from_the_plain_files_alone(headstart, run):
    before = (run / "report.html").read_bytes()
    for path in sorted((run / "model").iterdir()):
        path.unlink()
    (run / "report.html").unlink()
    answer = headstart("report", "run", "--lang", "zh")
    assert re.fullmatch(r"已写出：run/report\.html（0\.\d MB）。请用浏览器打开。\n", answer.stdout)
    assert (answer.stderr, answer.exit_code) == ("", 0)
    assert (run / "report.html").read_bytes() == before


def test_without_a_language_the_page_keeps_its_own(headstart, run):
    assert headstart("report", "run").exit_code == 0
    assert language(run / "report.html") == "zh-Hans"
    headstart("report", "run", "--lang", "en")
    assert language(run / "report.html") == "en"


def test_json_names_the_file_and_its_sections(headstart, run):
    found = json.loads(headstart("report", "run", "--out", "elsewhere.html", "--json").stdout)
    size = Path("elsewhere.html").stat().st_size
    assert found == {"report": "elsewhere.html", "language": "zh", "sections": KEYS, "bytes": size}


def test_a_file_that_is_there_is_not_overwritten(headstart, run):
    Path("mine.html").write_text("mine")
    answer = headstart("report", "run", "--out", "mine.html")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == "Error: 'mine.html' is there already. Nothing is ever overwritten. Name a new file.\n"
    assert Path("mine.html").read_text() == "mine"


def test_a_folder_without_a_run_is_refused(headstart, flowers):
    answer = headstart("report", "nowhere")
    assert answer.exit_code == 1
    assert answer.stderr == (
        "Error: There is nothing to report in 'nowhere'. There is no such folder. "
        "Name the folder of a run, such as runs/flowers-1.\n"
    )


def test_a_wrong_language_is_wrong_usage(headstart, run):
    assert headstart("report", "run", "--lang", "fr").exit_code == 2


def test_a_comparison_is_kept_beside_a_run_and_shown_on_its_page(headstart, run, flowers):
    answer = headstart(
        "compare",
        flowers,
        "--arms",
        "majority",
        "colours",
        "probe",
        "--shots",
        "2",
        "all",
        "--draws",
        "2",
        "--out",
        "run",
        "--json",
    )
    assert answer.exit_code == 0
    assert answer.stderr.splitlines()[-1] == "Written: run/compare.json, run/report.html"
    kept = json.loads((run / "compare.json").read_text(encoding="utf-8"))
    assert kept.pop("kind") == "compare"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", kept["environment"]["started"])
    assert kept.pop("created") == kept.pop("environment")["started"]
    assert kept == json.loads(answer.stdout)
    assert '<section id="transfer"' in (run / "report.html").read_text(encoding="utf-8")
    assert language(run / "report.html") == "zh-Hans"


def test_a_folder_that_holds_something_else_is_refused_before_anything_is_computed(headstart, fake_network, flowers):
    Path("full").mkdir()
    Path("full/notes.txt").write_text("mine")
    answer = headstart("compare", flowers, "--out", "full")
    assert answer.exit_code == 1
    assert answer.stderr.startswith("Error: The folder 'full' is not empty. Nothing is ever overwritten.")
    assert fake_network.seen == []


def test_making_a_page_loads_neither_torch_nor_onnxruntime_nor_pyplot(run):
    code = (
        "import sys; from headstart.cli.app import app; app(['report', 'run'], standalone_mode=False);"
        "print([name for name in ('torch', 'onnxruntime', 'matplotlib.pyplot') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "[]"
