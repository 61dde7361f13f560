"""Documents go the same road as pictures: read, fitted, asked, scored, saved, loaded, served."""

import csv
import html
import re

import numpy as np
import pytest

import headstart
from headstart.data.example import Example
from headstart.data.readers.text import Document, inspect_example, open_example
from headstart.data.sources import list_examples, read_dataset
from headstart.encoders.term_features import TermFeatures, have_terms, terms_of
from headstart.encoders.text.terms import TermWeights
from headstart.errors import DataError, ExampleError, RecipeError
from headstart.heads.training_set import TrainingSet
from headstart.heads.words import WordsFamily, WordsLogisticFamily

GOOD = "a fine warm funny bright moving film story cast scene".split()
BAD = "a dull cold empty slow tired film story cast scene".split()


def sentences(count: int = 60, seed: int = 0) -> list[tuple[str, str]]:
    random = np.random.default_rng(seed)
    return [
        (" ".join(random.choice(GOOD if label == "good" else BAD, 7)) + f" {number}", label)
        for number in range(count // 2)
        for label in ("good", "bad")
    ]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "reviews.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("review", "stars", "label"), *((text, 3, label) for text, label in sentences())])
    return path


@pytest.fixture(scope="module")
def run(table):
    folder = table.parent / "run"
    return headstart.fit(table, out=folder, encoder="words"), folder


def test_a_table_of_texts_becomes_a_model_that_tells_them_apart(run):
    model, _ = run
    assert model.modality == "text"
    assert model.predict("a warm bright funny story").label == "good"
    assert [one.label for one in model.predict(["dull empty film", "a moving fine cast"])] == ["bad", "good"]


def test_a_loaded_model_gives_the_same_bits_and_scores_with_its_words(run, table):
    model, folder = run
    loaded = headstart.load(folder)
    texts = [text for text, _ in sentences(20, seed=5)]
    assert np.array_equal(loaded.predict_proba(texts), model.predict_proba(texts))
    assert np.array_equal(loaded.predict_proba(texts[3:4])[0], model.predict_proba(texts)[3])
    with pytest.warns(headstart.HeadstartWarning, match="by their exact characters"):
        assert loaded.evaluate(table).accuracy.value == 1.0


def test_a_folder_of_files_in_several_encodings_is_read_as_a_table_is(tmp_path):
    for number in range(6):
        for label, text, encoding in (
            ("花", "这朵花很漂亮，香味也好", "gb18030"),
            ("café", "le café est très serré", "cp1252"),
        ):
            path = tmp_path / "data" / label / f"{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"{text} {number}".encode(encoding))
    dataset = read_dataset(tmp_path / "data")
    assert (dataset.modality, dataset.classes) == ("text", ("café", "花"))
    assert {open_example(example.source)[:3] for example in dataset.examples} == {"这朵花", "le "}


def test_notes_beside_pictures_are_no_examples(tmp_path):
    from pictures import save_flowers

    save_flowers(tmp_path / "flowers", 2)
    (tmp_path / "flowers" / "notes.txt").write_text("three kinds of flowers")
    (next((tmp_path / "flowers").glob("*/")) / "boxes.txt").write_text("1 2 3")
    assert read_dataset(tmp_path / "flowers").modality == "image"


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_a_missing_text_in_a_list_is_listed_as_an_empty_one_is(missing):
    read = read_dataset([(missing, "good"), ("a good film", "good"), ("a bad film", "bad")])
    assert read.modality == "text"
    assert [one.source.text for one in read.examples] == ["", "a good film", "a bad film"]


def test_pairs_of_texts_and_labels_are_documents_and_missing_files_are_not():
    assert read_dataset([("a good film", "good"), ("bad", "bad")]).modality == "text"
    assert read_dataset((["很好", "不好"], ["好", "坏"])).examples[0].source == Document("很好")
    assert read_dataset([("a.png", "a"), ("my b.png", "b")]).modality == "image"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "It is empty."),
        (" \n\t\u3000", "It holds blanks only."),
        ("?! ...", "It holds signs only, and no letter or number."),
    ],
)
def test_what_says_nothing_is_left_out_with_the_reason(text, reason):
    assert str(inspect_example(Document(text)).problem) == reason
    with pytest.raises(ExampleError, match="cannot be read"):
        open_example(Document(text), "#3")


def test_broken_characters_are_replaced_before_anything_is_digested():
    assert open_example(Document("a\x00b\ud800c")) == "a\ufffdb\ufffdc"
    assert inspect_example(Document("a\x00")).key == inspect_example(Document("a\ufffd")).key
    assert inspect_example("ab".encode("utf-16")).key == inspect_example(Document("ab")).key


def test_the_column_of_texts_is_found_by_name_or_by_what_it_holds(tmp_path):
    (tmp_path / "a.csv").write_text("label,文本,n\nx,很好 的,1\ny,不好 啊,2\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("label,said\nx,how do you do\ny,very well indeed\n", encoding="utf-8")
    (tmp_path / "c.csv").write_text("label,colour,size\nx,red,1\ny,blue,2\n", encoding="utf-8")
    assert [read_dataset(tmp_path / f"{name}.csv").modality for name in "abc"] == ["text", "text", "vectors"]


def test_a_path_of_a_file_is_read_and_any_other_string_is_the_text(tmp_path):
    path = tmp_path / "one.txt"
    path.write_text("what stands in the file", encoding="utf-8")
    read = list_examples([str(path), "what stands here"], "text")
    assert [open_example(one.source) for one in read] == ["what stands in the file", "what stands here"]


def test_terms_are_those_of_scikit_learn():
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [text for text, _ in sentences()] + ["I saw it twice! Twice?"]
    ours = TermWeights.fit(texts)
    theirs = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b|[!?]")
    assert (
        abs(
            theirs.fit_transform(texts)[:, [theirs.vocabulary_[t] for t in ours.vocabulary]] - ours.transform(texts)
        ).max()
        < 1e-5
    )
    chinese = ["这家店很好吃", "送餐太慢了，不好吃"]
    ours = TermWeights.fit(chinese)
    theirs = TfidfVectorizer(sublinear_tf=True, analyzer="char", ngram_range=(1, 3)).fit(chinese)
    assert ours.by_characters and {*ours.vocabulary} == {*theirs.vocabulary_}
    assert TermWeights.from_json(ours.to_json()) == ours


def test_rows_keep_their_terms_and_arithmetic_does_not():
    terms = TermWeights.fit(["one two", "two three", "four"])
    features = TermFeatures.of(np.eye(3, dtype=np.float32), lambda: terms.transform(["one two", "two three", "four"]))
    chosen = features[np.array([2, 0])][np.array([False, True])]
    assert (terms_of(chosen).toarray() == terms.transform(["one two"]).toarray()).all()
    assert not have_terms(features + 1) and not have_terms(features[0]) and not have_terms(features[:, :2])


@pytest.mark.parametrize("classes", [2, 3])
def test_the_words_head_is_the_machine_of_scikit_learn(classes):
    from sklearn.svm import LinearSVC

    texts, labels = zip(*[(f"w{k % classes} x{k % 5} y{k}", k % classes) for k in range(30)], strict=True)
    terms = TermWeights.fit(texts).transform(texts)
    features = TermFeatures.of(np.zeros((30, 1), np.float32), lambda: terms)
    head = WordsFamily().fit(TrainingSet(features, np.array(labels), classes + 1), 1.0)
    theirs = LinearSVC(C=1.0, dual=True, random_state=0).fit(terms, labels)
    expected = theirs.decision_function(terms)
    scores = head.scores(features)
    assert np.allclose(
        scores[:, 1] - scores[:, 0], 2 * expected if classes == 2 else expected[:, 1] - expected[:, 0], atol=1e-4
    )
    assert (scores[:, classes] < -1000).all()  # a class without an example is never chosen


@pytest.mark.parametrize("classes", [2, 3])
def test_the_logistic_head_of_words_is_the_regression_of_scikit_learn(classes):
    from sklearn.linear_model import LogisticRegression

    texts, labels = zip(*[(f"w{k % classes} x{k % 5} y{k}", k % classes) for k in range(30)], strict=True)
    terms = TermWeights.fit(texts).transform(texts)
    features = TermFeatures.of(np.zeros((30, 1), np.float32), lambda: terms)
    head = WordsLogisticFamily().fit(TrainingSet(features, np.array(labels), classes), 30.0)
    theirs = LogisticRegression(C=30.0, solver="liblinear", dual=True, random_state=0)
    expected = theirs.fit(terms, np.array(labels) == 1).decision_function(terms)
    assert np.allclose(head.scores(features)[:, 1], expected, atol=1e-4)
    assert head.whole_graph().operator == "Gemm"


def test_a_head_of_words_is_refused_where_there_are_none(tmp_path):
    from pictures import save_flowers

    save_flowers(tmp_path / "flowers", 4)
    with pytest.raises(RecipeError, match="needs the words of documents"):
        headstart.fit(tmp_path / "flowers", head="words")


def test_a_document_is_no_number():
    with pytest.raises(DataError, match="no text"):
        list_examples([3.5], "text")


def test_near_names_of_examples_stay_short():
    assert Example(Document("x" * 10_000), "#0").name == "#0"


def ask(run, capsys, *arguments, stdin=b""):
    from click.testing import CliRunner

    from headstart.cli.app import app

    return CliRunner().invoke(app, ["predict", str(run[1]), *map(str, arguments)], input=stdin)


def test_texts_are_asked_on_the_command_line_and_named_by_their_beginnings(run, capsys):
    answer = ask(run, capsys, "--text", "a warm funny\nbright film", "--text", "a dull cold film " * 9, "--text", " ")
    assert answer.exit_code == 0
    _, first, second = answer.stdout.splitlines()
    assert first.split("  ")[:2] == ["a warm funny bright film", ""] and "good" in first
    assert second.startswith("a dull cold film a dull cold film a dull cold f…  bad")
    assert "#2 (It holds blanks only.)" in answer.stderr


def test_lines_of_standard_input_are_texts_that_a_table_keeps_whole(run, capsys):
    answer = ask(run, capsys, "-", "--format", "csv", "--top", 1, stdin=b'a fine "warm" one\r\n\ncold, dull\n')
    rows = list(csv.DictReader(answer.stdout.splitlines()))
    assert [(row["path"], row["text"], row["label"]) for row in rows] == [
        ("#0", 'a fine "warm" one', "good"),
        ("#2", "cold, dull", "bad"),
    ]


def test_a_table_a_folder_and_a_file_are_asked_alike(run, table, capsys, tmp_path):
    (tmp_path / "new" / "in").mkdir(parents=True)
    path = tmp_path / "new" / "in" / "one.txt"
    path.write_text("a warm funny film", encoding="utf-8")
    assert "a…" not in (of_folder := ask(run, capsys, tmp_path / "new").stdout) and "one.txt" in of_folder
    assert ask(run, capsys, path).stdout == of_folder
    assert len(ask(run, capsys, table).stdout.splitlines()) == 61


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("reveiws.csv",), "'reveiws.csv' does not exist"),
        ((), "Missing argument 'PATHS'"),
        (("-",), "There are no texts"),
        (("--text", "a warm story", "--question", "who?"), "The model answers no questions."),
    ],
)
def test_what_names_nothing_is_no_text(run, capsys, arguments, said):
    answer = ask(run, capsys, *arguments)
    assert answer.exit_code != 0 and said in answer.stderr


def test_a_model_of_pictures_takes_no_texts(tmp_path):
    from headstart.workflows.predict import list_typed

    assert list_typed(["a.png", "-"], (), bytes, "image") == ["a.png", "-"]
    with pytest.raises(DataError, match="the model knows pictures"):
        list_typed([], ["a"], bytes, "image")


def test_the_page_of_a_run_shows_texts_as_text_and_never_as_markup(tmp_path):
    pairs = [
        (
            f"<b>bold</b> {text}" + f"\n<script>end {number}</script>" * (20 * (number % 2)),
            label if number % 5 else "good",
        )
        for number, (text, label) in enumerate(sentences())
    ]
    headstart.fit(pairs, out=tmp_path / "run", encoder="words", head="words")
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert '<q class="said" dir="auto">&lt;b&gt;bold&lt;/b&gt; ' in page and "<b>bold" not in page
    long = re.search(
        r'<details class="said"><summary dir="auto">(.*?)</summary><p dir="auto">(.*?)</p></details>', page, re.S
    )
    assert long[1].endswith("…") and len(html.unescape(long[1])) <= 240  # readable, and the whole behind it
    assert len(re.findall(r"&lt;script&gt;end \d+&lt;/script&gt;", long[2])) == 20 and "<script>end" not in page
