"""Copies of documents are found whatever was done to them, and documents that are none are not."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.audit.duplicates import add_near_duplicates, find_measured_pairs
from headstart.audit.similarity import text as module
from headstart.audit.similarity.text import CONFIRMED, find_pairs, propose_pairs, sketch
from headstart.audit.similarity.text_shingles import normalise
from headstart.data.example import Dataset, Example
from headstart.data.inspection import inspect_dataset
from headstart.data.readers.text import Document
from headstart.runtime.context import RunContext

LONG = (
    "The film begins slowly, in a village by the sea, and for an hour nothing much happens; then the storm comes, "
    "and with it a stranger whom nobody has ever seen before, who claims to be the son of the old schoolmaster."
)
CHINESE = (
    "这家店的菜很好吃，服务员也很热情，就是等的时间有点长，周末去最好提前订位，不然要排队一个多小时才能坐下来，"
    "不过饭后送的水果很新鲜，孩子们都喜欢，停车也方便，下次还会带朋友一起来。"
)
COPIES = {
    "capitals": str.upper,
    "signs": lambda text: text.replace(",", "").replace("，", " ") + "!!",
    "line breaks": lambda text: text.replace(" ", "\n  "),
    "one word changed": lambda text: text.replace("stranger", "foreigner").replace("热情", "友好"),
    "a beginning added": lambda text: "RT: " + text,
    "wide letters": lambda text: "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text),
}


def inspected(texts):
    examples = (Example(Document(text), f"#{n}", {"label": "a"}) for n, text in enumerate(texts))
    return inspect_dataset(Dataset("toy", tuple(examples), modality="text"))


def sets_of(texts, cache=None):
    return add_near_duplicates(inspected(texts), RunContext(cache=cache, keep_features=cache is not None)).copies


def others(count=40):
    random = np.random.default_rng(1)
    words = ["".join(random.choice([*"abcdefghijklmnopqrstuvwxyz"], 6)) for _ in range(300)]
    return [" ".join(random.choice(words, 30)) for _ in range(count)]


@pytest.mark.parametrize("kind", COPIES)
@pytest.mark.parametrize("text", [LONG, CHINESE])
def test_every_kind_of_copy_is_found_among_others(kind, text):
    copy = COPIES[kind](text)
    expected = ((0, 41),) if copy != text else ()
    assert sets_of([text, *others(), copy]) == expected


def test_different_short_texts_are_no_copies():
    shorts = ["good", "bad", "very good", "very bad", "not good", "I want 2 tickets", "I want 3 tickets", "好", "不好",
              "很好", "1", "2", "what is 2+3?", "what is 2-3?", "ok", "ok then", "-", "กา", "กี"]  # fmt: skip
    assert sets_of(shorts) == ()


def test_a_short_text_with_another_sign_is_a_copy():
    assert sets_of(["Good!", "bad", "good"]) == ((0, 2),)


def brute_force(texts):
    """The pairs whose runs of five characters, as strings, have more than four fifths in common."""
    sets = []
    for text in texts:
        said = normalise(text)
        sets.append({said[start : start + 5] for start in range(max(1, len(said) - 4))} if said else set())
    return {
        (one, other)
        for one, other in combinations(range(len(texts)), 2)
        if texts[one] != texts[other] and len(sets[one] & sets[other]) > CONFIRMED * len(sets[one] | sets[other])
    }


@st.composite
def nearly_alike(draw):
    """Documents of few words, and others made of them by small changes."""
    word = st.sampled_from(["alpha", "be", "Gamma,", "delta!", "epsilon", "zeta", "好吃", "不 好", "\u0e01\u0e34", "7"])
    texts = [" ".join(words) for words in draw(st.lists(st.lists(word, min_size=1, max_size=25), max_size=6))]
    for place in draw(st.lists(st.integers(0, 5), max_size=6)) if texts else ():
        words = texts[place % len(texts)].split(" ")
        words[draw(st.integers(0, len(words) - 1))] = draw(word)
        texts.append(" ".join(words))
    return texts


@settings(max_examples=60, deadline=None)
@given(nearly_alike())
def test_the_pairs_are_those_of_a_comparison_of_all_with_all(texts):
    found = inspected(texts)
    pairs = find_pairs(found.dataset.examples, sketch(found, RunContext()))
    first = {text: place for place, text in reversed([*enumerate(texts)])}  # the same bytes are together anyway
    expected = {tuple(sorted((first[texts[one]], first[texts[other]]))) for one, other in brute_force(texts)}
    assert {tuple(pair) for pair in pairs.places.tolist()} == expected


def test_hundreds_of_copies_are_joined_without_comparing_all_with_all(monkeypatch):
    texts = [f"{LONG} {number:04}" for number in range(600)]
    found = inspected(texts)
    pairs = propose_pairs(sketch(found, RunContext()))
    assert len(pairs) < 600 * 200
    assert {*pairs.ravel().tolist()} == {*range(600)}


def test_a_pair_is_compared_that_features_propose_and_only_copies_stay(monkeypatch):
    texts = [LONG, *others(3), COPIES["capitals"](LONG)]
    found = inspected(texts)
    sketches = sketch(found, RunContext())
    monkeypatch.setattr(module, "propose_pairs", lambda _: np.empty((0, 2), dtype=np.int64))
    pairs = find_pairs(found.dataset.examples, sketches, np.array([[4, 0], [0, 1]]))
    assert (pairs.places.tolist(), pairs.similarity.tolist()) == ([[0, 4]], [1.0])


def test_what_was_found_is_kept_and_unreadable_ones_are_copies_of_nothing(tmp_path, monkeypatch):
    texts = [LONG, "", "?!", " ", LONG.upper(), LONG]
    assert sets_of(texts, tmp_path) == ((0, 4),)
    monkeypatch.setattr(module, "sketch", None)
    assert sets_of(texts, tmp_path) == ((0, 4),)


def test_the_distances_of_pairs_are_measured(tmp_path):
    found = inspected([LONG, *others(2), LONG.upper()])
    features = np.eye(4, dtype=np.float32)
    features[3] = features[0]
    measured = find_measured_pairs(found, features, RunContext(cache=tmp_path), 0)
    assert measured.pairs.places.tolist() == [[0, 3]]
    assert (measured.distances.tolist(), measured.bits.tolist()) == ([0.0], [0])
