"""``headstart search`` on pixels of thumbnails, and on words."""

import json
from pathlib import Path

import pytest

from headstart import embed
from headstart.features.neighbours import unit_rows
from pictures import save_flowers
from tiny_transformers import save_transformer

WARRANTY = "The warranty of the red kettle lasts seven years."
PAGE = " ".join(f"The board met about item {number} of the plan, and it was put off." for number in range(40))
WORDS = ("--encoder", "words")
TEXTS = "text,label\nMy card was stolen,loss\nPlease change my PIN,pin\nA thief took the card,loss\n"


def search(headstart, *arguments: object) -> dict:
    answer = headstart("search", *arguments, "--json")
    assert answer.exit_code == 0, answer.stderr
    return json.loads(answer.stdout)


def refusal(headstart, *arguments: object) -> str:
    answer = headstart("search", *arguments)
    assert answer.exit_code == 1, answer.output
    return answer.stderr.splitlines()[-1].removeprefix("Error: ")


@pytest.fixture
def flowers(tmp_path) -> Path:
    save_flowers(tmp_path / "flowers", 8)
    return tmp_path / "flowers"


@pytest.fixture
def texts(tmp_path) -> Path:
    (tmp_path / "texts.csv").write_text(TEXTS)
    return tmp_path / "texts.csv"


def test_a_picture_of_the_data_is_nearest_to_itself_and_the_second_call_encodes_nothing(headstart, flowers):
    query = sorted(flowers.glob("*/*"))[9]
    first, second = (search(headstart, flowers, query, "--top", "3") for _ in range(2))
    assert (first["computed"], second["computed"], first["count"]) == (23, 0, 24)  # and the query
    (asked,) = first["queries"]
    assert [near["rank"] for near in asked["results"]] == [1, 2, 3]
    assert (asked["results"][0]["path"], asked["results"][0]["score"]) == (f"{query.parent.name}/{query.name}", 1.0)
    assert {near["label"] for near in asked["results"]} == {query.parent.name}
    assert second["queries"] == first["queries"]


def test_pictures_need_no_labels_and_a_broken_one_is_named(headstart, flowers):
    loose = flowers.parent / "loose"
    loose.mkdir()
    for path in flowers.glob("*/*"):
        path.rename(loose / f"{path.parent.name}-{path.name}")
    (loose / "broken.png").write_bytes(b"nothing")
    found = search(headstart, loose, min(loose.glob("r*")), "--top", "1")
    assert "label" not in found["queries"][0]["results"][0]
    assert found["count"] == 24
    assert "broken.png: It is not a picture" in " ".join(found["notices"])


def test_a_text_finds_texts_with_their_classes(headstart, texts):
    answer = headstart("search", texts, "who has stolen the card", *WORDS, "--top", "2")
    assert answer.stdout == (
        "3 texts of texts, as words sees them; 3 encoded now:\n"
        "\n"
        "Query: who has stolen the card\n"
        "     score  class  where  text\n"
        "  1  0.465  loss   #2     A thief took the card\n"
        "  2  0.336  loss   #0     My card was stolen\n"
    )


def test_several_queries_come_from_a_file_a_table_or_standard_input(headstart, texts, tmp_path):
    (tmp_path / "asked.txt").write_text("a thief\n\n the PIN \n")
    both = search(headstart, texts, "stolen", "--queries", tmp_path / "asked.txt", *WORDS)
    assert [one["query"] for one in both["queries"]] == ["stolen", "a thief", "the PIN"]
    table = search(headstart, texts, "--queries", texts, *WORDS)
    assert [one["results"][0]["path"] for one in table["queries"]] == ["#0", "#1", "#2"]


def test_a_query_that_shares_no_word_with_the_data_is_named(headstart, texts):
    found = search(headstart, texts, "weather", *WORDS)
    assert found["notices"] == [
        "1 query has nothing in common with what was searched: 'weather'. The order of the results means nothing there."
    ]


def test_the_answer_on_the_third_page_is_found_where_the_beginning_of_the_document_does_not_have_it(
    headstart, tmp_path
):
    document = f"Handbook\n\n{PAGE}\n\n{PAGE}\n\n{PAGE} {WARRANTY} {PAGE[:200]}."
    (tmp_path / "handbook.txt").write_text(document)
    (tmp_path / "cut.txt").write_text(" ".join(document.split()[:256]))
    query = ("How long is the warranty of the kettle?", "--sentences", *WORDS, "--top", "1")
    (found,) = search(headstart, tmp_path / "handbook.txt", *query)["queries"][0]["results"]
    where = found["sentence"]
    assert found["text"] == document[where["start"] : where["end"]] == WARRANTY
    assert where["number"] > 120
    (missed,) = search(headstart, tmp_path / "cut.txt", *query)["queries"][0]["results"]
    assert "warranty" not in missed["text"]
    answer = headstart("search", tmp_path / "cut.txt", "handbook", *WORDS)
    assert answer.stdout.splitlines()[-1].startswith("  1  ")
    assert "cut.txt  Handbook The board met about item 0 of the plan" in answer.stdout  # what a file says is shown


def test_a_query_that_a_network_does_not_know_is_named_though_nothing_is_encoded_now(headstart, texts, tmp_path):
    save_transformer(tmp_path / "network", "bert")
    asked = ["search", texts, "--encoder", tmp_path / "network", "--top", "1"]
    assert "the query is made of" not in headstart(*asked, "good film").stdout
    assert "does not know 100% of the pieces that the query is made of" in headstart(*asked, "ᚠᚢᚦ").stdout


def test_a_network_of_texts_compares_its_last_layer_and_counts_no_words(headstart, texts, tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.encoders.text.source.fit_baseline", None)
    save_transformer(tmp_path / "network", "bert")
    found = search(headstart, texts, "Please change my PIN", "--encoder", tmp_path / "network")["queries"][0]["results"]
    last = unit_rows(embed(texts, encoder=str(tmp_path / "network")).matrix[:, :32])
    assert {one["path"]: one["score"] for one in found} == pytest.approx(
        {f"#{row}": cosine for row, cosine in enumerate(last @ last[1])}, abs=2e-6
    )


def test_pairs_measure_the_search_by_name_row_content_and_part_of_a_text(headstart, texts, tmp_path):
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("query,answer\nstolen card,#0\nnew PIN,1\nthe thief,A thief took the card\nmy PIN,stolen\n")
    found = search(headstart, texts, "--pairs", pairs, *WORDS)["retrieval"]
    assert (found["count"], found["ranks"]) == (4, [1, 1, 1, 2])
    assert found["recall@1"]["value"] == 0.75 and found["recall@5"]["value"] == 1
    assert found["mrr"]["value"] == 0.875 and found["mrr"]["low"] < 0.875
    lines = headstart("search", texts, "--pairs", pairs, *WORDS).stdout.splitlines()
    assert lines[3].split() == "the answer is the first result 0.750 [0.301, 0.954]".split()


def test_a_search_is_kept_with_a_page_on_which_texts_are_escaped_and_pictures_shown(
    headstart, texts, flowers, tmp_path
):
    answer = headstart("search", texts, "<b>stolen</b>", *WORDS, "--out", tmp_path / "kept", "--lang", "zh")
    assert answer.exit_code == 0, answer.stderr
    page = (tmp_path / "kept" / "report.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;stolen&lt;/b&gt;" in page and "<b>stolen" not in page and "My card was stolen" in page
    assert json.loads((tmp_path / "kept" / "search.json").read_text(encoding="utf-8"))["kind"] == "search"
    headstart("search", flowers, min(flowers.glob("*/*")), "--top", "3", "--out", tmp_path / "seen")
    assert (tmp_path / "seen" / "report.html").read_text(encoding="utf-8").count("data:image/jpeg") == 4


def test_what_cannot_be_searched_for_is_refused_in_one_sentence_each(headstart, texts, flowers, tmp_path):
    assert refusal(headstart, texts, " ", *WORDS) == (
        "Nothing is searched for: the query is empty. Name a file, or write a text where texts are searched."
    )
    assert refusal(headstart, flowers, "a red flower") == (
        "The query 'a red flower' is of another kind than what is searched. It is of the kind 'text', and these are "
        "pictures. Give a picture, or search data of its kind."
    )
    assert refusal(headstart, texts, flowers / "x.png", *WORDS).startswith(
        f"The query '{flowers / 'x.png'}' is of another"
    )
    assert refusal(headstart, texts, "--queries", "gone.txt", *WORDS) == (
        "The file 'gone.txt' with queries cannot be read. The file does not exist. Give a text file with one query a "
        "line, or a table."
    )
    (tmp_path / "empty.txt").write_text("")
    assert refusal(headstart, texts, tmp_path / "empty.txt", *WORDS) == (
        f"The text '{tmp_path / 'empty.txt'}' cannot be read. It is empty. Leave it out."
    )
    assert "It is empty." in refusal(headstart, tmp_path / "empty.txt", "x", "--sentences", *WORDS)
    chinese = headstart("--lang", "zh", "search", tmp_path / "empty.txt", "x", *WORDS).stderr
    assert chinese.endswith("empty.txt”：它是空的。请检查它们。\n")
    assert refusal(headstart, flowers, min(flowers.glob("*/*")), "--sentences") == (
        "Pictures have no sentences. Only documents are divided into sentences. Leave --sentences out."
    )
    (tmp_path / "pairs.csv").write_text("query,answer\nx,gone\n")
    assert refusal(headstart, texts, "--pairs", tmp_path / "pairs.csv", *WORDS).startswith(
        "1 of 1 answers of the pairs are not among what is searched: 'gone'."
    )
    assert refusal(headstart, texts, "--pairs", texts, *WORDS) == (
        f"The table '{texts}' holds no pairs to measure a search on. It has the columns text, label. Give it the "
        "columns query and answer, and a row for each query."
    )
    assert headstart("search", texts, "x", "--top", "0").exit_code == 2
    assert headstart("search", texts).exit_code == 2


def test_the_examples_of_a_run_are_searched_with_its_own_encoder(headstart, finished, monkeypatch):
    monkeypatch.chdir(finished)
    monkeypatch.setenv("HEADSTART_CACHE", str(finished / "cache"))
    for place in ("run", "run/model"):
        found = search(headstart, place, min((finished / "flowers").glob("*/*")), "--top", "1")
        assert found["computed"] == 0 and found["encoder"] != "fake" and found["data"] == "run"
        assert found["queries"][0]["results"][0]["score"] == 1
