"""Documents become sentences, and nothing of them is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.data.example import Dataset, Example
from headstart.data.parts import divide_examples
from headstart.data.readers.text import Document, divide
from headstart.data.readers.text_sentences import split_sentences


@given(st.text(alphabet='aB 1.!?…\n\t\x00\u2028"”)。！？，é好😀', max_size=60))
def test_joined_sentences_are_the_document_and_each_says_something(document):
    found = split_sentences(document)
    assert "".join(found) == document
    assert all(any(map(str.isalnum, piece)) for piece in found) or len(found) == 1


@given(st.text(alphabet='aB 1.!?\n"。！', max_size=60))
def test_a_part_lies_where_it_is_said_to_lie(document):
    text = f"A{document}"
    assert [text[at : at + len(part.text)] for part, at in divide(Document(text))] == [
        part.text for part, _ in divide(Document(text))
    ]


@pytest.mark.parametrize(
    ("document", "sentences"),
    [
        ("It works. It really does!", ["It works.", "It really does!"]),
        ("Dr. Wu met Mrs. Li at St. Mary's. They left.", ["Dr. Wu met Mrs. Li at St. Mary's.", "They left."]),
        ("It costs 3.50 (see Fig. 2, p. 7). No. 5 is out.", ["It costs 3.50 (see Fig. 2, p. 7).", "No. 5 is out."]),
        (
            "J. K. Rowling (b. 1965) wrote it. So did I. Yes.",
            ["J. K. Rowling (b. 1965) wrote it.", "So did I.", "Yes."],
        ),
        ("Tools, e.g. saws, i.e. blades etc. Then glue.", ["Tools, e.g. saws, i.e. blades etc.", "Then glue."]),
        ('"Why?" she asked. "No!" He went.', ['"Why?" she asked.', '"No!"', "He went."]),
        ("1. Open it. 2. Close it.", ["1. Open it.", "2. Close it."]),
        ("Heading\n\nFirst line\ngoes on. End", ["Heading", "First line\ngoes on.", "End"]),
        ("味道不错！送餐快吗？“好。”他说。价格3.5元", ["味道不错！", "送餐快吗？", "“好。”", "他说。", "价格3.5元"]),
        ("好吃!下次再来……的。Yes? 是", ["好吃!", "下次再来……的。", "Yes?", "是"]),
        ("Well... maybe. … And?!", ["Well... maybe. …", "And?!"]),
    ],
)
def test_punctuation_ends_sentences_where_a_reader_would_end_them(document, sentences):
    assert [piece.strip() for piece in split_sentences(document)] == sentences


def test_parts_keep_the_name_and_the_class_of_their_document_and_a_broken_one_stays_to_be_named():
    good = Example(Document("Yes. No!"), "#0", {"label": "short"})
    found, parts = divide_examples(Dataset("two", (good, Example(Document(" "), "#1")), modality="text"))
    assert [(one.name, one.label, one.source.text) for one in found.examples] == [
        ("#0", "short", "Yes."),
        ("#0", "short", "No!"),
        ("#1", None, " "),
    ]
    assert [(part.number, part.start, part.end) for part in parts[:2]] == [(1, 0, 4), (2, 5, 8)]
