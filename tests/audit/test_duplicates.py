"""Copies are found, whatever was done to them, and pictures that are none are not."""

import io

import numpy as np
import pytest
from PIL import Image

from headstart.audit.duplicates import add_near_duplicates, duplicate_sets, find_measured_pairs
from headstart.audit.similarity import image as module
from headstart.audit.similarity.base import DuplicatePairs
from headstart.audit.similarity.image import has_content, propose_pairs
from headstart.audit.similarity.image_matching import CONFIRMED, compute_similarity
from headstart.data.example import Dataset, Example
from headstart.data.inspection import inspect_dataset
from headstart.runtime.context import RunContext
from planted import COPIES, photographs


def dataset(pictures):
    return Dataset("toy", tuple(Example(picture, f"#{n}", {"label": "a"}) for n, picture in enumerate(pictures)))


def sets_of(pictures, cache):
    return add_near_duplicates(inspect_dataset(dataset(pictures)), RunContext(cache=cache)).copies


@pytest.mark.parametrize("kind", COPIES)
def test_every_kind_of_copy_is_found_and_nothing_else_is_called_one(kind, tmp_path):
    originals = list(photographs())
    pictures = [*originals, *(COPIES[kind](picture) for picture in originals)]
    together = add_near_duplicates(inspect_dataset(dataset(pictures)), RunContext(cache=tmp_path)).together
    count = len(originals)
    assert (together[:count] == together[count:]).mean() >= 0.9
    assert len(set(together[:count].tolist())) == len(set(together[count:].tolist())) == count


def test_different_photographs_are_no_copies(tmp_path):
    assert sets_of(photographs(), tmp_path) == ()


def test_different_digits_are_seldom_copies(tmp_path):
    from sklearn.datasets import load_digits

    digits = load_digits().images[:200]
    assert sets_of([digit / 16 for digit in digits], tmp_path) == ()  # too small to be told apart
    large = [np.kron(digit / 16, np.ones((4, 4))) for digit in digits]
    assert len(sets_of(large, tmp_path)) < 30  # of 600 pairs that are looked at


def test_plain_and_damaged_pictures_are_copies_of_nothing(tmp_path):
    plain = [np.full((40, 40), grey, dtype=np.uint8) for grey in range(10, 20)]
    slopes = [np.tile(np.linspace(low, 200, 40).astype(np.uint8), (40, 1)) for low in (0, 20, 40)]
    assert sets_of([*plain, *slopes, b"broken", b"broken too"], tmp_path) == ()


def test_what_was_found_is_kept_and_read_again(tmp_path, monkeypatch):
    pictures = [*photographs()[:4], COPIES["smaller"](photographs()[0])]
    assert sets_of(pictures, tmp_path) == ((0, 4),)
    monkeypatch.setattr(module, "sketch", None)
    assert sets_of(pictures, tmp_path) == ((0, 4),)


def test_a_picture_whose_lower_part_is_missing_is_said(tmp_path):
    whole = list(photographs())
    file = io.BytesIO()
    whole[0].convert("RGB").save(file, "JPEG", quality=90)
    cut = file.getvalue()[: len(file.getvalue()) // 2] + b"\xff\xd9"
    grey = Image.new("RGB", (64, 64), (128, 128, 128))
    checked = inspect_dataset(dataset([*whole, cut, grey]))
    for _ in range(2):  # the second time from what was kept
        (found,) = add_near_duplicates(checked, RunContext(cache=tmp_path)).notices
        assert str(found) == (
            f"1 picture ends in plain grey, as a file does whose lower part is missing: '#{len(whole)}'. "
            "It is used as it is; get the file again."
        )


@pytest.mark.parametrize(
    "content", ["[[0, 1", "[[0]]", '{"a": 1}', '{"pairs": [["x", "y", 1, true]], "incomplete": []}', '{"pairs": []}']
)
def test_a_damaged_memory_is_made_anew(tmp_path, content):
    pictures = [*photographs()[:4], COPIES["smaller"](photographs()[0])]
    sets_of(pictures, tmp_path)
    (file,) = (tmp_path / "copies").iterdir()
    whole = file.read_text()
    file.write_text(content)
    assert sets_of(pictures, tmp_path) == ((0, 4),)
    assert file.read_text() == whole


def test_without_a_cache_nothing_is_kept(tmp_path):
    checked = inspect_dataset(dataset([photographs()[0], COPIES["darker"](photographs()[0])]))
    assert add_near_duplicates(checked, RunContext(cache=tmp_path, keep_features=False)).copies == ((0, 1),)
    assert list(tmp_path.iterdir()) == []


def test_identical_files_are_judged_once_and_belong_to_the_copies(tmp_path):
    one, other = photographs()[0], COPIES["darker"](photographs()[0])
    inspected = inspect_dataset(dataset([one, other, one, photographs()[1]]))
    checked = add_near_duplicates(inspected, RunContext(cache=tmp_path))
    assert checked.copies == ((0, 1),)
    assert checked.together.tolist() == [0, 0, 0, 1]


def test_chains_end_where_a_set_would_hold_too_much():
    chain = np.stack([np.arange(99), np.arange(1, 100)], axis=1)
    found = duplicate_sets(DuplicatePairs(chain, np.ones(99, np.float32), np.zeros(99, bool)), 100)
    assert max(map(len, found.sets)) == 10
    assert sum(map(len, found.sets)) == 100
    (notice,) = found.notices
    assert str(notice) == "Near copies form chains: no more than 10 pictures were kept together, 9 links were cut."


def test_the_likest_pairs_are_joined_first():
    pairs = np.array([[0, n] for n in range(1, 15)])
    similarity = np.linspace(0.8, 1, 14, dtype=np.float32)
    order = np.argsort(-similarity)
    found = duplicate_sets(DuplicatePairs(pairs[order], similarity[order], np.zeros(14, bool)), 15)
    assert found.sets == ((0, *range(6, 15)),)


def test_a_pair_is_judged_alike_in_both_orders():
    pictures = [photographs()[3], COPIES["cropped by 6 %"](photographs()[3])]
    examples = dataset(pictures).examples
    thumbnails = np.stack([np.asarray(p.convert("L").resize((32, 32)), np.float32) for p in pictures])
    both = compute_similarity(examples, thumbnails, np.array([[0, 1], [1, 0]]))
    assert both.min() >= CONFIRMED
    assert abs(both[0] - both[1]) < 0.02


def test_pairs_are_proposed_among_what_has_content():
    grey = np.stack([np.asarray(p.convert("L").resize((32, 32)), np.float32) for p in photographs()[:5]])
    thumbnails = np.concatenate([grey, np.full((1, 32, 32), np.nan, np.float32), grey[:1]])
    assert has_content(thumbnails).tolist() == [True] * 5 + [False, True]
    assert [0, 6] in propose_pairs(thumbnails)[0].tolist()


def test_examples_that_nothing_compares_have_no_near_duplicates(tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.audit.duplicates.similarity_of", lambda modality: None)
    assert sets_of([photographs()[0]] * 2, tmp_path) == ()
    inspected = inspect_dataset(dataset(photographs()[:3]))
    found = find_measured_pairs(inspected, np.ones((3, 2), np.float32), RunContext(cache=tmp_path), 0)
    assert (len(found.pairs), len(found.distances), len(found.bits)) == (0, 0, 0)
