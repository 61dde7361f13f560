"""Files of words with tags and of questions with answers are told from all others, and read exactly."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.data.readers.text_annotations import (
    holds_questions,
    holds_tags,
    join_words,
    read_questions,
    read_tagged,
    split_words,
)
from headstart.errors import DataError

CONLL = "-DOCSTART- -X- O\n\n# text 1\nAnna NNP B-PER\nLee NNP I-PER\n# # O\n\n北\tB-LOC\n京\tI-LOC\n。\tO\n"
FLAT = {"context": "a red car", "question": "colour?", "answers": {"text": ["red"], "answer_start": [2]}}


def put(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_words_with_tags_are_read_from_columns_and_lines_of_json(tmp_path):
    path = put(tmp_path / "a.txt", CONLL)
    assert holds_tags(path) and not holds_questions(path)
    first, second = read_tagged(path)
    assert (first.text, first.words, first.tags) == ("Anna Lee #", ((0, 4), (5, 8), (9, 10)), ("B-PER", "I-PER", "O"))
    assert (second.text, second.tags) == ("北京。", ("B-LOC", "I-LOC", "O"))
    rows = [{"tokens": ["Anna", "!"], "ner_tags": ["S-PER", "O"]}, {"tokens": ["x"], "ner_tags": ["O"]}]
    lines = put(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
    assert holds_tags(lines)
    assert [(one.text, one.tags) for one in read_tagged(lines)] == [("Anna !", ("S-PER", "O")), ("x", ("O",))]


@pytest.mark.parametrize(
    "content", ["a good film\tpos\na bad one\tneg\n", "", "O\n", "text\tlabel\nx\tO\n", "hello\n\nyou\n"]
)
def test_other_files_hold_no_tags(content, tmp_path):
    for suffix in (".txt", ".tsv", ".json"):
        assert not holds_tags(put(tmp_path / f"a{suffix}", content))
        assert not holds_questions(tmp_path / f"a{suffix}")


def test_questions_are_read_in_the_layouts_of_squad(tmp_path):
    asked = {"id": "7", "question": "colour?", "answers": [{"text": "red", "answer_start": 2}] * 2}
    none = {"id": "8", "question": "age?", "is_impossible": True, "answers": []}
    squad = {"data": [{"paragraphs": [{"context": "a red car", "qas": [asked, none]}]}]}
    path = put(tmp_path / "squad.json", squad)
    assert holds_questions(path)
    first, second = read_questions(path)
    assert (first.name, first.text, first.question, first.answers) == ("7", "a red car", "colour?", ((2, 5),))
    assert (first.wanted, second.wanted) == (["red"], [""])
    for name, content in (("rows.json", [FLAT]), ("rows.jsonl", json.dumps(FLAT) + "\n")):
        (one,) = read_questions(put(tmp_path / name, content))
        assert one.answers == ((2, 5),)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.conll", "Anna B-PER\nLee\n", "Line 2 has no tag such as O or B-PER for each word: Lee"),
        ("a.jsonl", '{"tokens": ["a", "b"], "tags": ["O"]}', "Line 1 has no tag such as O or B-PER for each word"),
        ("a.jsonl", '{"tokens": ["a"], "tags": [3]}', "Line 1 has no tag such as O or B-PER for each word"),
        ("a.conll", "\n\n", "It is empty."),
        ("b.json", {**FLAT, "answers": {"text": ["red"], "answer_start": [3]}}, "'red' does not begin at character 3"),
        ("b.json", {"context": "x"}, "KeyError: 'question'"),
        ("b.json", [3], "AttributeError"),
        ("b.json", "{", "line 1: Expecting"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(name, content, said, tmp_path):
    path = put(tmp_path / name, content)
    with pytest.raises(DataError) as caught:
        (read_questions if name == "b.json" else read_tagged)(path)
    assert str(path) in caught.value.problem and said in caught.value.reason


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text("abß北京!# \u0301\x00", min_size=1, max_size=4).filter(str.strip), min_size=1, max_size=6))
def test_words_stand_where_they_are_said_to(words):
    joined = join_words("a", words)
    assert [joined.text[start:end] for start, end in joined.words] == [word.replace("\x00", "\ufffd") for word in words]
    split = split_words("a", " ".join(words))
    letters = "".join(split.text[start:end] for start, end in split.words)
    assert letters == "".join(split.text.split())
