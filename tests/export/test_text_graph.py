"""Models of documents leave as a graph from tokens: the same answers, by code that stands in the model card."""

import csv
import json
import re

import numpy as np
import pytest
from click.testing import CliRunner

import headstart
from headstart.cli.app import app
from headstart.errors import ExportError
from tiny_transformers import save_transformer

LONG = "a very long film " * 120


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("text")
    random = np.random.default_rng(0)
    rows = [
        (
            " ".join(random.choice(f"{label} {label} film plot song is the very".split(), 6)) + f" {'abcdef'[n % 6]}",
            label,
        )
        for n in range(24)
        for label in ("good", "bad")
    ]
    with (folder / "reviews.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows, (LONG + "good", "good")])
    save_transformer(folder / "tiny")
    return folder


@pytest.fixture(scope="module")
def model(place):
    return headstart.fit(place / "reviews.csv", out=place / "run", encoder=str(place / "tiny"), head="logistic")


def test_the_code_of_the_card_answers_as_the_library_does(model, place):
    card = (place / "run" / "model" / "README.md").read_text(encoding="utf-8")
    (code,) = (block for block in re.findall(r"```python\n(.*?)```", card, re.DOTALL) if "tokenizers" in block)
    for text in ("good good film", "[SEP] bad 你好 \U0001f600"):
        used = code.replace("path/to/this/folder", str(place / "run" / "model")).replace('"a text"', repr(text))
        found = {}
        exec(used, found)
        np.testing.assert_allclose(found["probabilities"][0], model.predict_proba([text])[0], atol=1e-5)
    assert json.loads(found["about"]["preprocessing"])["piece"] == found["how"]["piece"]
    with pytest.raises(AssertionError, match="longer than a piece"):
        exec(used.replace(repr(text), repr(LONG)), {})


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_graph_is_proven_on_the_texts_of_one_piece_and_its_tokenizer_lies_beside_it(model, place, precision):
    report = model.export(out=place / precision, precision=precision, data=place / "reviews.csv")
    assert report.proof.agreement == 1.0
    assert report.proof.max_difference < (1e-4 if precision == "fp32" else 0.01)
    assert (report.file.parent / "tokenizer.json").is_file()
    assert "texts through the library" in " ".join(report.lines())


def test_a_precision_that_texts_do_not_have_is_refused(model, place):
    with pytest.raises(ExportError, match="leave as 'fp32' and 'fp16'"):
        model.export(out=place / "int8", precision="int8", data=place / "reviews.csv")


def test_of_words_only_vectors_leave_and_the_card_says_so(place):
    words = headstart.fit(place / "reviews.csv", out=place / "words", encoder=str(place / "tiny"), head="words")
    assert not (place / "words" / "model" / "model.onnx").exists()
    sentence = r"scores words, and only vectors leave: fit it with --head logistic"
    card = (place / "words" / "model" / "README.md").read_text(encoding="utf-8")
    assert "only vectors leave" in card
    assert "import onnxruntime" not in card
    with pytest.raises(ExportError, match=sentence):
        words.export(out=place / "no", data=place / "reviews.csv")


def test_texts_in_pieces_are_said_before_anything_is_computed(place):
    arguments = ["fit", str(place / "reviews.csv"), "--encoder", str(place / "tiny"), "--dry-run"]
    answer = CliRunner().invoke(app, arguments, prog_name="headstart")
    assert answer.exit_code == 0
    assert "are read in pieces" in answer.output
