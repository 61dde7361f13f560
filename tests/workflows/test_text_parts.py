"""The token head and the span head: fitted to made texts, saved, opened, asked, and honest about what they are not."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from click.testing import CliRunner

import headstart as hs
from headstart.cli.app import app
from headstart.data.readers.text_annotations import Question, split_words
from headstart.encoders.text.loading import load_encoder
from headstart.encoders.text.torch_transformer import build_transformer, load_tensors
from headstart.encoders.text.transformer import Transformer
from headstart.errors import DataError, EncoderError, RecipeError
from headstart.finetuning.checkpoint_state import State
from headstart.finetuning.text_tokens import TokenInputs, tune_tokens
from headstart.heads.linear import LinearHead
from headstart.runtime.context import RunContext
from headstart.settings.recipe import Recipe
from headstart.workflows.text_parts.answering import answer_parts, read_given
from headstart.workflows.text_parts.answers import ANSWERS, AnswerPrediction
from headstart.workflows.text_parts.entities import ENTITIES, EntityPrediction
from headstart.workflows.text_parts.fit import fit_parts, plan_parts
from headstart.workflows.text_parts.model import load_parts
from headstart.workflows.text_parts.report import list_mistakes
from tagged_texts import FIRST, tagged, write_conll, write_squad
from tiny_transformers import save_transformer

DOCS = Path(__file__).parents[2] / "docs"


def commands_of(name: str) -> list[list[str]]:
    blocks = re.findall(r"^```bash\n(.*?)^```$", (DOCS / name).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder in which the commands of the documentation were run, with a tiny encoder and made texts."""
    place = tmp_path_factory.mktemp("parts")
    # Places hardly count: what is learnt from short texts holds far behind in long ones.
    near = np.random.default_rng(1).normal(0, 0.02, (64, 32)).astype(np.float32)
    save_transformer(place / "my-transformer", **{"embeddings.position_embeddings.weight": near})
    write_conll(place / "names.conll", tagged(150))
    write_squad(place / "questions.json", 150)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("HEADSTART_CACHE", str(place / "c"))
        said = []
        for program, *arguments in commands_of("parts-of-texts.md"):
            answer = CliRunner().invoke(app, arguments, prog_name=program)
            assert answer.exit_code == 0, answer.output
            said.append(answer.stdout)
        (place / "said").write_text("\n".join(said))
    return place


def run(*arguments: object) -> tuple[int, str, str]:
    answer = CliRunner().invoke(app, [str(one) for one in arguments], prog_name="headstart")
    return answer.exit_code, answer.stdout, answer.stderr


def test_a_fit_says_what_a_file_holds_and_how_good_the_head_is_beside_the_baseline(place):
    said = (place / "said").read_text()
    assert "holds words with tags: named entities (ART). 120 texts to learn from, 30 to score." in said
    assert "baseline: each word's most frequent tag: precision" in said
    scores = json.loads((place / "runs" / "names" / "metrics.json").read_text())
    assert scores["evaluation"]["f1"]["value"] > 0.9 and scores["evaluation"]["count"] == 30
    page = (place / "runs" / "names" / "report.html").read_text()
    assert "this model: F1 " in page and '<th scope="row"><bdi>ART</bdi></th>' in page


def test_both_documents_have_the_same_commands():
    assert commands_of("parts-of-texts.md") == commands_of("parts-of-texts.zh-CN.md")


def test_entities_are_found_with_their_characters_and_probabilities(place):
    text = "The bad FILM story was  a long war!"
    (found,) = json.loads(run("predict", place / "runs" / "names", "--text", text, "--json")[1])
    assert [(one["text"], one["label"]) for one in found["entities"]] == [("FILM story", "ART"), ("war", "ART")]
    for one in found["entities"]:
        assert text[one["start"] : one["end"]] == one["text"] and 0 < one["probability"] <= 1
    code, table, _ = run("predict", place / "runs" / "names", "--text", text, "--format", "csv")
    assert code == 0 and table.splitlines()[0] == "path,text,start,end,label,probability"


def test_a_long_text_is_read_in_windows_and_nothing_is_cut(place):
    model = load_parts(place / "runs" / "names")
    text = " ".join(["the good film was bad"] * 60)  # 300 tokens; a window has 62
    found = model.predict(text)
    assert {9 + 22 * number for number in range(60)} <= {one.start for one in found.entities if one.text == "film"}
    windows = model.parts.encode(model.parts.of_text("", text), model.preprocessing)
    assert max(map(len, windows.ids)) == 64 and windows.cuts[-1][1] == len(windows.places) == 300


def test_a_model_is_scored_and_opened_again_with_its_files_checked(place):
    code, shown, _ = run("evaluate", place / "runs" / "names", place / "names.conll", "--json")
    assert code == 0 and json.loads(shown)["evaluation"]["count"] == 150
    hs.load(place / "runs" / "names").save(place / "copy")
    assert hs.load(place / "copy").predict("a bad film").entities[-1].text == "film"
    model = hs.fit(place / "names.conll", encoder=str(place / "my-transformer"), out=place / "again", cache=place / "c")
    assert model.predict("a bad film") == hs.load(place / "copy").predict("a bad film")
    (place / "copy" / "tokenizer.json").write_text("{}")
    assert "copy' is damaged" in run("predict", place / "copy", "--text", "a film")[2]


@pytest.mark.parametrize("verb", ["explain", "export", "benchmark", "serve"])
def test_verbs_that_know_no_parts_of_texts_say_so_in_a_sentence(verb, place):
    code, _, said = run(verb, place / "runs" / "names", *(["x.txt"] if verb == "explain" else []))
    assert code == 1
    assert said.strip().splitlines()[-1] == (
        f"Error: The model in '{place / 'runs' / 'names' / 'model'}' answers with parts of a text. Its task is "
        "entities; only predict, evaluate and report know such models. Use one of these; the folder itself holds what "
        "another program needs: model.onnx, which scores tokens, and tokenizer.json."
    )


def test_the_page_of_a_run_shows_the_worst_mistakes_with_what_was_right_and_what_was_said_between_marks(place):
    examples = [split_words(f"text {number}", "Ada <b>saw</b> York") for number in range(2)]
    examples = [replace(one, tags=("B-PER", *["O"] * (len(one.words) - 2), "B-LOC")) for one in examples]
    wrong = EntityPrediction("", examples[0].text, (), ("B-LOC", *["O"] * (len(examples[0].words) - 1)))
    mistakes = list_mistakes(ENTITIES, examples, [wrong, replace(wrong, tags=examples[0].tags)])
    assert mistakes["count"] == 1
    names = place / "runs" / "names"
    metrics = json.loads((names / "metrics.json").read_text())
    (names / "metrics.json").write_text(json.dumps({**metrics, "mistakes": mistakes}))
    code, _, said = run("report", names, "--lang", "zh", "--out", place / "page.html")
    assert code == 0, said
    page = (place / "page.html").read_text()
    assert '<dt>正确</dt><dd dir="auto"><mark>Ada <small>PER</small></mark> &lt;b&gt;saw&lt;/b&gt; <mark>York' in page
    assert '<dt>模型</dt><dd dir="auto"><mark>Ada <small>LOC</small></mark> &lt;b&gt;saw&lt;/b&gt; York</dd>' in page
    questions = (place / "runs" / "questions" / "report.html").read_text()
    assert "exact match" in questions and 'id="figure-training"' in questions
    question = Question("q", "a" * 400 + " York " + "b" * 400, "where?", ((401, 405),))
    (shown,) = list_mistakes(ANSWERS, [question], [AnswerPrediction("q", "where?", "", None, None, 0.5)])["shown"]
    assert [kind for _, kind in shown["right"]] == [None, "", None] and len(shown["said"][0][0]) < 200


def test_tables_and_folders_of_texts_are_predicted_and_what_is_not_for_a_model_is_said(place):
    (place / "texts.csv").write_text("review,number\nthe film is long,1\nthe love song,2\n")
    shown = run("predict", place / "runs/names", place / "texts.csv", "--text-column", "review")[1]
    assert [line.partition(":")[2].partition(" [")[0] for line in shown.splitlines()] == [" film", " love song"]
    (place / "asked.csv").write_text("context,question\nthe film was bad,what?\nbad and good,what?\n")
    found = json.loads(run("predict", place / "runs/questions", place / "asked.csv", "--json")[1])
    assert [(one["question"], one["answer"]) for one in found] == [("what?", "film"), ("what?", "")]
    assert (
        run("predict", place / "runs/names", "nowhere.txt")[2]
        == "Error: 'nowhere.txt' does not exist. Check the path.\n"
    )
    said = run("evaluate", place / "runs/questions", place / "names.conll")[2]
    assert "The model has learnt answers, and that is not what the file holds." in said
    assert "which only fit, predict and evaluate know" in run("check", place / "names.conll")[2]


def test_answers_are_found_with_their_characters_or_said_not_to_be_there(place):
    scores = json.loads((place / "runs" / "questions" / "metrics.json").read_text())
    assert scores["evaluation"]["f1"]["value"] > 0.8 and scores["evaluation"]["unanswerable"] > 0
    assert scores["others"]["simple"]["exact"]["value"] == 0
    model = load_parts(place / "runs" / "questions")
    for noun in FIRST:
        text = f"a bad  {noun} of the {noun} and good"
        found = model.predict(text, "what?")
        assert found.answer == "" or text[found.start : found.end] == found.answer
    assert run("predict", place / "runs" / "questions", "--text", "a film")[2].startswith("Error: Nothing was asked.")


def test_an_answer_far_behind_is_found_over_all_windows(place):
    model = load_parts(place / "runs" / "questions")
    text = " ".join(["good bad very long"] * 40) + " and the film is " + " ".join(["bad good"] * 40)
    found = model.predict(text, "what?")
    assert (found.start, found.end) == (text.index("film"), text.index("film") + 4)


def test_methods_encoders_and_questions_that_do_not_fit_are_refused(place):
    with pytest.raises(RecipeError, match="Weights of an encoder of texts move here by probe, lora, full"):
        plan_parts("entities", place / "names.conll", Recipe(method="last:1"))
    with pytest.raises(DataError, match="too small to learn from"):
        plan_parts("entities", write_conll(place / "one.conll", tagged(1)), Recipe())
    model = load_parts(place / "runs" / "questions")
    with pytest.raises(DataError, match="has 40 tokens"):
        answer_parts(model, read_given(model, [], ["a film"], bytes, "a b " * 20))
    save_transformer(place / "foreign")
    encoder = load_encoder(str(place / "foreign"), cache=place / "c")
    encoder.files.config.clear()
    plan = plan_parts("entities", place / "names.conll", Recipe(encoder=str(place / "foreign")))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(EncoderError, match="does not show what it knows"):
        patch.setattr("headstart.encoders.text.loading.load_encoder", lambda *_, **__: encoder)
        fit_parts(plan, Recipe(), RunContext(cache=place / "c"))


def test_a_training_that_was_interrupted_goes_on_by_the_same_command_and_ends_with_the_same_bits(place, monkeypatch):
    monkeypatch.chdir(place)
    monkeypatch.setenv("HEADSTART_CACHE", str(place / "c"))
    write_conll(place / "few.conll", tagged(40, seed=2))
    words = "fit few.conll --encoder my-transformer --method full --epochs 2 --checkpoint-seconds 0 --out runs/".split()
    whole, cut = [[*words[:-1], words[-1] + name] for name in ("whole", "cut")]
    assert run(*whole)[0] == 0
    with monkeypatch.context() as patch:
        patch.setattr(State, "end_epoch", Mock(side_effect=[KeyboardInterrupt]))
        code, _, said = run(*cut)
    assert code == 130 and said.splitlines()[-1] == (
        "Interrupted. Nothing is lost: run the same command again with --resume."
    )
    assert not (place / "runs/cut/metrics.json").exists() and not [*place.glob("runs/cut/**/*.partial")]
    assert run(*cut, "--resume")[0] == 0
    for name in ("model/model.onnx", "predictions.json"):
        assert (place / "runs/cut" / name).read_bytes() == (place / "runs/whole" / name).read_bytes()


def test_weights_that_moved_and_helped_nothing_are_left_and_that_is_said(place):
    recipe = Recipe(method="full", epochs=1, lr=0.005, encoder=str(place / "my-transformer"))
    plan = plan_parts("entities", place / "few.conll", recipe)
    report = fit_parts(plan, recipe, RunContext(cache=place / "c"), place / "hurt")
    assert report.tuned.share == 0 and report.evaluation == report.others["probe"] and report.method == "probe"
    assert "the probe was kept" in "\n".join(report.lines())


def test_low_rank_matrices_move_all_but_the_words_and_vanish_into_the_network(place):
    encoder = load_encoder(str(place / "my-transformer"), cache=place / "c")
    windows = [np.array([2, 5 + n % 4, 3]) for n in range(40)]
    labels = np.array([[-100, n % 2, -100] for n in range(40)])
    start = LinearHead(np.zeros((2, 64), np.float32), np.zeros(2, np.float32))
    held = np.arange(40) % 5 == 0
    ground = TokenInputs(Recipe(method="lora", epochs=8), encoder, windows, labels, np.arange(40), held, start, False)
    tuned = tune_tokens(ground, RunContext())
    before = load_tensors(encoder.spec, encoder.files)
    assert tuned.record.history[-1].loss < tuned.record.history[0].loss and tuned.record.share > 0
    moved = [name for name, tensor in tuned.tensors.items() if not np.array_equal(tensor, before[name])]
    assert moved and all(name.startswith("encoder.layer.") and "LayerNorm" not in name for name in moved)
    assert build_transformer(Transformer(**encoder.files.config), tuned.tensors)  # names and shapes are the network's
