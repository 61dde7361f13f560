"""Models of documents leave as a graph from tokens: the same answers, by code that stands in the documentation."""

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import headstart
from headstart.cli.app import app
from headstart.errors import ExportError
from headstart.export.preprocess.text import MOST_PIECES, USE
from tiny_transformers import save_transformer

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
PACKAGES = ROOT / "tests" / "javascript" / "node_modules"
LONG = "a very long film " * 120
TEXTS = [
    "good good film",
    "[SEP] bad 你好 \U0001f600",
    LONG,
    "zzz",
    "a\0b \ud800 c",
    "GOOD Film ?! İç ςΣ don't x² _ 12",
    "很 好\u2003吃\x1c!",
]
HEADS = {"logistic": "good bad", "words": "good bad", "stacked": "很好吃 不好吃"}


def write_reviews(path: Path, labels: str) -> None:
    random = np.random.default_rng(0)
    words = "film plot song is the very".split() if labels.isascii() else [*"你好店吃很不"]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("text", "label"))
        for number in range(48):
            label = labels.split()[number % 2]
            table.writerow((" ".join([label, *random.choice([label, *words], 8)]), label))
        table.writerows((LONG.replace("film", word) + label, label) for word in words[:4])


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("text")
    for head, labels in HEADS.items():
        write_reviews(folder / f"{head}.csv", labels)
    save_transformer(folder / "tiny")
    return folder


@pytest.fixture(scope="module")
def models(place):
    """A model of each kind of head, and its export in a folder ``exported``."""
    fitted = {}
    for head in HEADS:
        run = place / head
        fitted[head] = headstart.fit(place / f"{head}.csv", out=run / "run", encoder=str(place / "tiny"), head=head)
        fitted[head].export(out=run / "exported", data=place / f"{head}.csv")
    return fitted


def block(kind: str) -> str:
    (code,) = (found for found in re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) if "tokenizer" in found)
    return code


def test_the_card_and_the_page_have_the_same_code(models, place):
    assert f"```python\n{block('python')}```" in USE
    card = (place / "stacked" / "run" / "model" / "README.md").read_text(encoding="utf-8")
    assert USE in card and "opened by timm" not in card
    assert "words kind = words" in card and "'settings'" not in card


@pytest.mark.parametrize("head", HEADS)
def test_the_code_of_python_answers_as_the_library_does_for_texts_of_any_length(models, place, head, monkeypatch):
    monkeypatch.chdir(place / head)
    for text, expected in zip(TEXTS, models[head].predict_proba([f"{text} " for text in TEXTS]), strict=True):
        found = {}
        exec(block("python").replace('"Is the service good?"', ascii(f"{text} ")), found)
        np.testing.assert_allclose(found["probabilities"][0], expected, atol=1e-5)
    names = {one.name for one in found["session"].get_inputs()}
    network = {"input_ids", "attention_mask", "document"}
    assert names == {"logistic": network, "words": {"terms"}, "stacked": network | {"terms"}}[head]


@pytest.mark.parametrize("head", ["words", "stacked"])
def test_the_code_of_javascript_answers_as_the_library_does(models, place, head):
    if shutil.which("node") is None or not (PACKAGES / "@huggingface" / "tokenizers").is_dir():
        pytest.skip("node and the packages of tests/javascript are needed: make test, or npm ci in that folder")
    if not (place / "node_modules").exists():
        (place / "node_modules").symlink_to(PACKAGES)
    opening, body = block("javascript").split("const text = ")
    body = body.replace('"Is the service good?"', "one").replace("console.log(", "((..._) => _)(")
    said = "console.log(JSON.stringify([...probabilities.data]));"
    texts = json.dumps([f"{text} " for text in TEXTS])
    code = f"{opening}for (const one of {texts}) {{ const text = {body}{said} }}"
    (place / head / "ask.mjs").write_text(code, encoding="utf-8")
    answer = subprocess.run(["node", "ask.mjs"], cwd=place / head, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    expected = models[head].predict_proba([f"{text} " for text in TEXTS])
    np.testing.assert_allclose([json.loads(line) for line in answer.stdout.splitlines()], expected, atol=1e-4)


def test_a_model_holds_its_network_once_and_an_export_what_it_needs(models, place):
    assert "model.onnx" not in [path.name for path in (place / "stacked" / "run" / "model").iterdir()]
    exported = {path.name: path.stat().st_size for path in (place / "words" / "exported").iterdir()}
    assert exported.keys() == {"model.onnx", "model.json", "tokenizer.json", "model.proof.json"}
    assert exported["model.onnx"] < (place / "words" / "run" / "model" / "encoder.onnx").stat().st_size / 4


@pytest.mark.parametrize("form", ["onnx half", "openvino fp32"])
def test_every_form_is_proven_on_texts_through_both_roads(models, place, form):
    to, precision = form.replace("half", "fp16").split()
    if to == "openvino":
        pytest.importorskip("openvino")
    data = place / "stacked.csv" if to == "openvino" else None  # its run has kept the rows of its table
    report = headstart.load(place / "stacked" / "run").export(to, out=place / form, precision=precision, data=data)
    assert report.proof.agreement == 1.0
    assert report.proof.max_difference < (1e-4 if precision == "fp32" else 0.01)
    assert {"tokenizer.json", "model.json"} < {path.name for path in report.file.parent.iterdir()}
    assert "texts through the library" in " ".join(report.lines())


def test_a_precision_and_a_form_that_texts_do_not_have_are_refused(models, place):
    with pytest.raises(ExportError, match=r"Of texts, there is no batched form. Leave --batched out: the file takes"):
        models["logistic"].export(out=place / "batched", batched=True)
    with pytest.raises(ExportError, match="leave as 'fp32' and 'fp16'"):
        models["logistic"].export(out=place / "int8", precision="int8", data=place / "logistic.csv")


def test_a_text_with_too_many_pieces_for_one_run_is_left_out_of_the_proof(models, place):
    with (place / "endless.csv").open("w", encoding="utf-8") as file:
        file.write(f"text,label\ngood film,good\nbad film,bad\n{'good ' * 62 * MOST_PIECES} good,good\n")
    assert models["logistic"].export(out=place / "endless", data=place / "endless.csv").proof.examples == 2


def test_the_forms_of_texts_are_measured_beside_each_other(models, place):
    arguments = ["benchmark", str(place / "stacked" / "run"), "--seconds", "0.01", "--forms", "library", "onnx"]
    answer = CliRunner().invoke(app, arguments, prog_name="headstart")
    assert answer.exit_code == 0, answer.output
    first, *_, last = answer.stdout.splitlines()[:4]
    assert first.startswith("One text of 24 words, to probabilities;")
    assert last.split()[0] == "onnx" and last.split()[-1] == "-"


def test_texts_in_pieces_are_said_before_anything_is_computed(place):
    arguments = ["fit", str(place / "logistic.csv"), "--encoder", str(place / "tiny"), "--dry-run"]
    answer = CliRunner().invoke(app, arguments, prog_name="headstart")
    assert answer.exit_code == 0
    assert "are read in pieces" in answer.output
