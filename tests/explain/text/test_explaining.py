"""Answers about documents are explained by their words: exactly where the head weighs them, else by leaving out."""

import json
from shutil import copytree, rmtree

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import headstart
from headstart.cli.app import app
from headstart.encoders.text.terms import TermWeights
from headstart.errors import EncoderError, RecipeError, UnknownNameError
from headstart.explain.text.deletion import measure_deletion
from headstart.explain.text.methods import encode_texts
from headstart.explain.text.parts import MOST, split_parts, without
from headstart.heads.stacked import StackedHead
from headstart.heads.words import WordsHead
from headstart.serving.explanations.text import explain_for_page
from headstart.serving.http_errors import Refusal
from headstart.workflows.model import to_explained_model

GOOD = "a fine warm funny bright moving film story cast scene".split()
BAD = "a dull cold empty slow tired film story cast scene".split()


def sentences(count=60):
    random = np.random.default_rng(0)
    return [
        (" ".join(random.choice(words, 7)) + f" {number}", label)
        for number in range(count // 2)
        for label, words in (("good", GOOD), ("bad", BAD))
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("words") / "run"
    headstart.fit(sentences(), out=place, encoder="words", head="words")
    return place


@pytest.fixture(scope="module")
def model(folder):
    return headstart.load(folder)


@pytest.fixture(scope="module")
def dense(tmp_path_factory):
    return headstart.fit(sentences(), out=tmp_path_factory.mktemp("dense") / "run", encoder="words", head="ridge")


@pytest.mark.parametrize("text", ["A warm, FUNNY film film!", "dull", "unheard of", "İ a warm scene"])
def test_the_weights_of_words_and_the_constant_are_the_score(model, text):
    found = model.explain(text)
    head = model.saved.head
    constant = head.bias[model.classes.index(found.target)]
    assert (found.method, found.found.exact) == ("words", True)
    assert found.found.grid.sum() + constant == pytest.approx(found.logit, abs=1e-4)


def test_the_weights_of_characters_and_the_constant_are_the_score(tmp_path):
    said = [
        (f"这家 店{how}  吃 {number}", label) for number in range(8) for how, label in (("很好", "好"), ("不好", "差"))
    ]
    model = headstart.fit(said, out=tmp_path / "run", encoder="words", head="words")
    found = model.explain(" 很好\n\n 吃  店 ")
    assert [part for part, _ in found.weights] == ["很", "好", "吃", "店"]
    constant = model.saved.head.bias[model.classes.index("好")]
    assert (found.target, found.found.grid.sum() + constant) == ("好", pytest.approx(found.logit, abs=1e-4))


def test_a_word_has_what_its_terms_add(model):
    found = model.explain("warm 'xyz'", target="good")
    terms, row = model.encoder.terms, model.encoder.terms.transform(["warm xyz"]).toarray()[0]
    place = terms.vocabulary.index("warm")
    expected = row[place] * model.saved.head.weight[model.classes.index("good"), place]
    assert found.weights == [("warm", pytest.approx(expected, abs=1e-6)), ("'xyz'", 0.0)]


def test_the_words_half_of_a_stacked_head_is_its_share_of_the_weights(model):
    words, subject = model.saved.head, to_explained_model(model)
    from dataclasses import replace

    from headstart.explain.base import ExplanationRequest
    from headstart.explain.text.explaining import explain_example

    stacked = StackedHead(words, words, 0.25, (1.0, 2.0))
    both = replace(subject, head=stacked, predict=None)
    wish = ExplanationRequest(method="words", target="good")
    found = explain_example(both, "a warm film", "#0", wish).found
    alone = explain_example(subject, "a warm film", "#0", wish).found
    assert not found.exact
    assert np.allclose(found.grid, alone.grid * 0.25 / 2.0, atol=1e-6)
    assert explain_example(both, "a warm film", "#0", ExplanationRequest()).method == "occlusion"


def test_occlusion_is_the_fall_of_the_score_without_each_word(dense):
    text = "a warm film, dull"
    found = dense.explain(text, target="good")
    subject = to_explained_model(dense)
    scores = subject.head.scores(encode_texts(subject, [text, "warm film, dull", "a film, dull", "a warm dull",
                                                        "a warm film,"]))[:, dense.classes.index("good")]  # fmt: skip
    assert (found.method, found.found.exact) == ("occlusion", False)
    assert np.allclose(found.found.grid, scores[0] - scores[1:], atol=1e-5)
    assert max(found.weights, key=lambda one: one[1])[0] == "warm"


def test_nearest_texts_stand_with_the_explanation(dense):
    found = dense.explain(sentences()[0][0], neighbours=3)
    assert len(found.neighbours) == 3
    assert found.neighbours[0].distance == pytest.approx(0, abs=1e-3)


def test_an_order_that_the_model_follows_beats_random_ones_and_its_reverse_does_not():
    document = " ".join(f"w{number}" for number in range(12))
    grid = np.linspace(3, 0, 12).astype(np.float32)

    def probability(documents):
        return np.array([sum(12 - int(word[1:]) for word in one.split()) / 100 for one in documents])

    parts = split_parts(document)
    assert measure_deletion(grid, document, parts, probability, 0).convincing
    assert measure_deletion(-grid, document, parts, probability, 0).beaten == 0


words = st.text(st.sampled_from("abIİßΣσ好吃ก\u0e34 \t\n\u3000,!?-7"), max_size=40)


@settings(max_examples=200, deadline=None)
@given(words, st.booleans())
def test_terms_are_located_as_often_as_they_are_counted(document, by_characters):
    learned = TermWeights.fit(["好吃 好 吃吃好吃吃好" if by_characters else "a b ab ba i ß 7 ! ?", document or "a"])
    terms = TermWeights(by_characters, learned.vocabulary, learned.rarity)
    located = [place for place, _, _ in terms.locate(document)]
    assert sorted({*located}) == sorted(terms.transform([document]).indices.tolist())
    assert all(0 <= start < end <= len(document) for _, start, end in terms.locate(document))


@settings(max_examples=200, deadline=None)
@given(words)
def test_parts_are_all_but_the_blanks_and_leaving_all_out_leaves_nothing(document):
    parts = split_parts(document)
    assert "".join("".join(document[start:end].split()) for start, end in parts) == "".join(document.split())
    assert without(document, parts, range(len(parts))) == ""
    for number, (start, end) in enumerate(parts):
        left = "".join(without(document, parts, {number}).split())
        assert left == "".join((document[:start] + document[end:]).split())


def test_a_long_document_has_two_hundred_parts_and_a_very_long_one_fewer():
    assert len(split_parts("word " * 400)) == MOST
    assert len(split_parts("word " * 20_000)) == 20
    assert split_parts("") == ()


def test_a_figure_shows_the_words_in_colours_and_runs_nothing(folder, tmp_path):
    out = tmp_path / "out"
    said = CliRunner().invoke(
        app, ["explain", str(folder), "a <script>warm</script> film", "--out", str(out), "--json"]
    )
    assert said.exit_code == 0, said.output
    (one,) = json.loads(said.stdout)["files"]
    assert one["method"] == "words" and one["deletion"]["orders"] == 20
    assert abs(one["randomisation"]["head"]) < 0.5 and one["randomisation"]["everything"] is None  # no network
    assert {part["text"] for part in one["parts"]} == {"a", "<script>warm</script>", "film"}
    page = (out / "001-0.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;warm&lt;/script&gt;" in page and "<script>" not in page


def test_a_typed_text_is_called_by_its_beginning_and_stands_beside_the_nearest_in_both_languages(folder, tmp_path):
    said = {text: number for number, (text, _) in enumerate(sentences())}
    for language, heading, orange in (("en", "speaks for it", "Orange speaks for"), ("zh", "支持程度", "橙色支持")):
        out = tmp_path / language
        arguments = [
            "explain",
            str(folder),
            "--text",
            "a warm \x1b film",
            "--quick",
            "--lang",
            language,
            "--out",
            str(out),
        ]
        lines = CliRunner().invoke(app, arguments).output.splitlines()
        assert lines[0].startswith(r"'a warm \x1b film'")
        assert any(heading in line for line in lines)
        near = [line.split(maxsplit=3) for line in lines if "#" in line]
        assert len(near) == 5 and all(text in said and place == f"#{said[text]}" for _, _, place, text in near)
        page = (out / "001-0.html").read_text(encoding="utf-8")
        assert orange in page and near[0][3] in page


def test_where_a_run_has_lost_its_table_the_nearest_rows_are_named_and_a_changed_text_is_not_shown(folder, tmp_path):
    run, asked = tmp_path / "run", sentences()[0][0]
    copytree(folder, run)
    table = run / "data.csv"
    for content, shown in ((table.read_text().replace(asked, "another"), False), ("no,table", False), (None, False)):
        table.unlink() if content is None else table.write_text(content)
        found = CliRunner().invoke(
            app, ["explain", str(run), asked, "--quick", "--json", "--out", str(tmp_path / "out")]
        )
        (one,) = json.loads(found.stdout)["files"]
        assert one["text"] == asked and one["neighbours"][0]["name"] == "#0"
        assert ("text" in one["neighbours"][0]) == shown
        rmtree(tmp_path / "out")


def test_what_is_not_possible_is_refused_with_the_remedy(model, dense):
    with pytest.raises(EncoderError, match="does not explain texts"):
        model.explain("a warm film", method="gradcam")
    with pytest.raises(EncoderError, match="no weights of words"):
        dense.explain("a warm film", method="words")
    with pytest.raises(UnknownNameError, match="no class 'great'"):
        model.explain("a warm film", target="great")


def test_evidence_in_texts_is_not_averaged(folder, tmp_path):
    from headstart.explain.base import ExplanationRequest
    from headstart.runtime.context import RunContext
    from headstart.workflows.explain import average_files

    with pytest.raises(RecipeError, match="not averaged"):
        average_files(headstart.load(folder), sentences(10), ExplanationRequest(), RunContext(), out=tmp_path / "out")


def test_a_head_of_words_is_what_was_fitted(model):
    assert isinstance(model.saved.head, WordsHead)


@settings(max_examples=20, deadline=None)
@given(st.text("a film\n 好👍\u202e<&", min_size=1, max_size=40).filter(lambda text: any(map(str.isalnum, text))))
def test_the_parts_that_a_page_colours_are_the_whole_text(dense, text):
    parts = explain_for_page(to_explained_model(dense), text, ())["parts"]
    assert "".join(part["text"] for part in parts) == text
    assert all((part["weight"] is None) == (not part["text"].strip()) for part in parts)


def test_a_page_explains_a_long_text_only_where_that_is_quick(model, dense):
    text = "a warm film " * 200
    assert len(explain_for_page(to_explained_model(model), text, ())["parts"]) > 100
    with pytest.raises(Refusal) as caught:
        explain_for_page(to_explained_model(dense), text, ())
    assert str(caught.value) == (
        "The text is too long to be explained here. It has 2,400 characters; the limit is 2,000. "
        "Ask for a part of it, or on the command line: headstart explain"
    )
    assert len(explain_for_page(to_explained_model(dense), text[:1900], ())["parts"]) <= 2 * 20
