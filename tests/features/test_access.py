"""Features out of the right store: kept in the cache folder, or in a folder that is gone afterwards."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fakes import FAKE_SPEC, FakeEncoder
from headstart.data.example import Example
from headstart.data.readers.image import content_key, open_example
from headstart.features.access import (
    Counter,
    open_store,
    read_blocks,
    read_features,
    seconds_per_example,
    stored_share,
)
from headstart.runtime.context import RunContext
from pictures import damage_pixels, save_noise


@pytest.fixture
def place(tmp_path: Path) -> RunContext:
    """A cache folder of its own."""
    return RunContext(cache=tmp_path / "cache")


@pytest.fixture
def examples(tmp_path: Path) -> list[Example]:
    """Ten small pictures."""
    paths = [save_noise(tmp_path / f"{number}.png", (120, 60, 200), number) for number in range(10)]
    return [Example(str(path), path.name) for path in paths]


def keys_of(examples: list[Example]) -> list[bytes]:
    return [content_key(example.source) for example in examples]


def truth(examples: list[Example]) -> np.ndarray:
    encoder = FakeEncoder()
    return np.stack([encoder.encode(encoder.preprocess(open_example(example.source))[None])[0] for example in examples])


def test_what_is_kept_is_not_computed_again(place, examples):
    encoder = FakeEncoder()
    first = read_features(examples, keys_of(examples), (encoder,), place)
    again = read_features(examples, keys_of(examples), (encoder,), place)
    assert (first.computed, first.cached, again.computed, again.cached) == (10, 0, 0, 10)
    assert sum(encoder.seen) == 10
    for found in (first, again):
        assert np.array_equal(found.features[0].matrix, truth(examples))
        assert found.features[0].keys == tuple(keys_of(examples))


def test_what_two_encoders_alike_compute_is_computed_and_held_once(place, examples):
    one, other = FakeEncoder(), FakeEncoder()
    found = read_features(examples, keys_of(examples), (one, other), place)
    assert (sum(one.seen), sum(other.seen)) == (10, 0)
    assert found.features[0].matrix is found.features[1].matrix


def test_only_the_chosen_examples_are_read_and_the_others_are_nan(place, examples):
    encoder = FakeEncoder()
    chosen = np.array([7, 2])
    found = read_features(examples, keys_of(examples), (encoder,), place, chosen)
    matrix = found.features[0].matrix
    assert sum(encoder.seen) == 2
    assert np.array_equal(matrix[chosen], truth([examples[7], examples[2]]))
    assert np.isnan(np.delete(matrix, chosen, axis=0)).all()
    assert len(found.features[0].keys) == len(matrix) == 10


def test_failures_are_named_by_their_place_in_the_whole(place, examples, tmp_path):
    damage_pixels(tmp_path / "damaged.tiff")
    examples = [*examples[:4], Example(str(tmp_path / "damaged.tiff"), "damaged.tiff"), *examples[4:]]
    found = read_features(examples, keys_of(examples), (FakeEncoder(),), place, np.array([0, 4, 9]))
    assert list(found.failures) == [4]
    assert np.isfinite(found.features[0].matrix).all(axis=1).tolist() == [position in (0, 9) for position in range(11)]


def test_several_encoders_give_one_matrix_each(place, examples):
    other = FakeEncoder(replace(FAKE_SPEC, name="other", weights_digest="1" * 64))
    found = read_features(examples, keys_of(examples), (FakeEncoder(), other), place, np.array([1]))
    assert [part.matrix.shape for part in found.features] == [(10, 48), (10, 48)]
    assert np.array_equal(found.features[0].matrix[1], found.features[1].matrix[1])


def test_without_keeping_nothing_is_left_on_the_disk(examples, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    context = RunContext(cache=tmp_path / "cache", keep_features=False)
    for _ in range(2):
        assert read_features(examples, keys_of(examples), (FakeEncoder(),), context).computed == 10
    assert list((tmp_path / "temporary").iterdir()) == []
    assert not (tmp_path / "cache").exists()


def test_the_share_of_stored_pictures_is_known_without_computing(place, examples):
    encoder = FakeEncoder()
    keys = keys_of(examples)
    assert stored_share(keys, encoder, place) == 0
    read_features(examples[:4], keys[:4], (encoder,), place)
    assert stored_share(keys, encoder, place) == pytest.approx(0.4)
    assert stored_share([], encoder, place) == 1
    assert stored_share(keys, encoder, replace(place, keep_features=False)) == 0


def test_the_pace_is_measured_on_a_few_pictures_and_nothing_is_kept(place, examples):
    encoder = FakeEncoder()
    assert seconds_per_example(examples * 20, keys_of(examples) * 20, (encoder,), place) > 0
    assert sum(encoder.seen) <= 11
    assert not place.cache_folder.exists()


def test_blocks_are_counted_while_they_pass(place, examples, tmp_path):
    damage_pixels(tmp_path / "damaged.tiff")
    examples = [*examples, Example(str(tmp_path / "damaged.tiff"), "damaged.tiff")]
    keys = keys_of(examples)
    read_features(examples[:3], keys[:3], (FakeEncoder(),), place)
    tally = Counter()
    blocks: Iterator = tally.watch(read_blocks(examples, keys, FakeEncoder(), open_store(place), place))
    rows = np.concatenate([block.matrices[0] for block in blocks])
    assert np.array_equal(rows[:10], truth(examples[:10]))
    assert (tally.computed, tally.cached, list(tally.failures)) == (7, 3, [10])


def test_progress_reaches_who_asked_for_it(place, examples):
    seen = []
    telling = replace(place, progress=lambda *state: seen.append(state))
    read_features(examples, keys_of(examples), (FakeEncoder(),), telling)
    assert {step for step, _, _ in seen} == {"encoding"}
    assert seen[-1][1:] == (10, 10)
