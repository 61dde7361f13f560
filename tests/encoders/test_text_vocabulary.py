"""A few documents are divided by the pieces that occur in them, as the whole vocabulary divides them."""

from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headstart.encoders.preprocess import text_vocabulary
from headstart.encoders.preprocess.text_tokens import TextPreprocessing, open_tokenizer
from headstart.encoders.preprocess.text_vocabulary import INDEX, PieceIndex, open_index, write_index
from headstart.encoders.text.tokenizer import FILE, read_tokenizer, unigram_tokenizer, write_tokenizer


@lru_cache(maxsize=1)
def made() -> Path:
    """A tokenizer of drawn pieces, some of which are as likely as others, with an index."""
    random = np.random.default_rng(0)
    signs = "▁abcé玫瑰"
    pieces = sorted({"".join(random.choice([*signs], random.integers(1, 5))) for _ in range(400)} | {*"ab玫"})
    scores = [-float(random.integers(1, 9)) for _ in pieces]
    special = {"bos": 0, "eos": 2, "unk": 3}
    file = Path(mkdtemp()) / FILE
    source = unigram_tokenizer(["<s>", "<pad>", "</s>", "<unk>", *pieces], [0.0] * 4 + scores, special)
    write_tokenizer(source, file)
    assert not file.with_name(INDEX).exists(), "a small vocabulary is read whole"
    assert write_index(source, file.with_name(INDEX), large=10)
    return file


@given(st.text("abcé玫瑰x  \t▁Ａ😀<unk>", max_size=40))
def test_the_tokens_are_those_of_the_whole_vocabulary(document):
    index = open_index(made(), "")
    assert isinstance(index, PieceIndex)
    assert index.encode(document) == open_tokenizer(made()).encode(document, add_special_tokens=False).ids


def test_a_few_short_documents_are_divided_by_the_index_and_all_others_by_the_library(monkeypatch):
    asked = []
    monkeypatch.setattr(PieceIndex, "encode", lambda self, document: asked.append(document) or [7])
    open_index.cache_clear()
    preprocessing = TextPreprocessing("digest", (0,), (2,), 3, file=made())
    assert preprocessing.prepare("a b").tolist() == [7]
    assert len(preprocessing.prepare("a" * (text_vocabulary.SHORT + 1))) > 100
    for _ in range(text_vocabulary.FEW):
        preprocessing.prepare("b")
    assert len(asked) == text_vocabulary.FEW - 1


def test_where_the_index_cannot_be_read_the_library_is_asked(tmp_path):
    for name in (FILE, INDEX):
        (tmp_path / name).write_bytes(made().with_name(name).read_bytes())
    (tmp_path / INDEX).write_bytes(b"PK")
    assert open_index(tmp_path / FILE, "") is None
    assert TextPreprocessing("", (0,), (2,), 3, file=tmp_path / FILE).prepare("ab").size
    assert not write_index({**read_tokenizer(made()), "added_tokens": [{"content": "x"}]}, tmp_path / "no.npz", 10)
