"""Features of the training pictures travel with the model: which, under what names, and how they are checked."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import headstart as hs
from headstart.encoders.spec import EncoderFiles
from headstart.errors import ModelFileError
from headstart.probing.rows import select_balanced_rows
from headstart.saving.bundle import load_bundle, save_bundle
from headstart.saving.card import model_card
from headstart.saving.manifest import MANIFEST, manifest_of
from headstart.saving.reference_set import NAMES, REFERENCES, References
from headstart.saving.values import SavedModel

NOTHING = EncoderFiles(None, None)


@pytest.fixture
def references() -> References:
    random = np.random.default_rng(0)
    return References(
        features=random.normal(size=(4, 48)).astype(np.float16),
        labels=np.array([0, 4, 2, 2]),
        names=("2 玫瑰/1.jpg", "#1", 'quote "q"/a\nb.png', "rose-\udce9.png"),
        keys=tuple(random.bytes(32) for _ in range(4)),
        total=9,
    )


def test_references_come_back_as_they_were_saved(model: SavedModel, references: References, tmp_path: Path) -> None:
    save_bundle(tmp_path / "m", replace(model, references=references), NOTHING)
    opened = load_bundle(tmp_path / "m").model.references
    assert opened is not None
    assert opened.features.dtype == np.float16 and opened.labels.dtype == np.int64
    np.testing.assert_array_equal(opened.features, references.features)
    np.testing.assert_array_equal(opened.labels, references.labels)
    assert (opened.names, opened.keys, opened.total) == (references.names, references.keys, 9)


def test_a_model_of_an_older_headstart_has_no_references(model: SavedModel, tmp_path: Path) -> None:
    save_bundle(tmp_path / "m", model, NOTHING)
    assert load_bundle(tmp_path / "m").model.references is None
    assert not (tmp_path / "m" / REFERENCES).exists()


@pytest.mark.parametrize("name", [REFERENCES, NAMES])
def test_a_changed_byte_in_the_references_is_noticed(
    name: str, model: SavedModel, references: References, tmp_path: Path
) -> None:
    save_bundle(tmp_path / "m", replace(model, references=references), NOTHING)
    content = bytearray((tmp_path / "m" / name).read_bytes())
    content[-5] ^= 1
    (tmp_path / "m" / name).write_bytes(content)
    with pytest.raises(ModelFileError, match=f"'{tmp_path / 'm' / name}' has changed since it was written"):
        load_bundle(tmp_path / "m")


def test_names_that_do_not_fit_the_features_are_refused(
    model: SavedModel, references: References, tmp_path: Path
) -> None:
    folder = tmp_path / "m"
    save_bundle(folder, replace(model, references=references), NOTHING)
    (folder / NAMES).write_text(json.dumps({"total": 9, "names": ["one"]}), encoding="utf-8")
    files = [path for path in folder.iterdir() if path.name != MANIFEST]
    (folder / MANIFEST).write_text(json.dumps(manifest_of(model, EncoderFiles(), files)), encoding="utf-8")
    with pytest.raises(ModelFileError, match="does not fit its files: ValueError\\('4 references, 1 names'\\)"):
        load_bundle(folder)


def test_the_card_says_what_is_kept_of_the_training_pictures(model: SavedModel, references: References) -> None:
    assert (
        "- `references.safetensors` holds features and names of 4 of the 9 training pictures, drawn evenly from the "
        "classes, and no pictures: whoever gets the model gets those. Headstart compares new pictures with them.\n"
    ) in model_card(replace(model, references=references))
    whole = model_card(replace(model, references=replace(references, total=4)))
    assert "holds features and names of the 4 training pictures, and no pictures: whoever" in whole


# --- which rows


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.integers(1, 60), st.integers(0, 3))
def test_rows_are_drawn_as_evenly_as_the_classes_allow(labels: list[int], limit: int, seed: int) -> None:
    array = np.array(labels)
    rows = select_balanced_rows(array, limit, seed)
    assert len(rows) == min(limit, len(labels))
    assert (np.diff(rows) > 0).all()
    counts, all_counts = np.bincount(array[rows], minlength=6), np.bincount(array, minlength=6)
    assert (counts <= all_counts).all()
    not_exhausted = counts[counts < all_counts]
    if len(not_exhausted):
        assert counts.max() <= not_exhausted.min() + 1
    np.testing.assert_array_equal(rows, select_balanced_rows(array, limit, seed))


def test_the_seed_decides_the_rows() -> None:
    labels = np.repeat([0, 1], 50)
    assert not np.array_equal(select_balanced_rows(labels, 20, 0), select_balanced_rows(labels, 20, 1))


# --- in a fit


def test_a_fit_keeps_features_labels_paths_and_digests_of_the_fitted_part(fake_network, flowers, monkeypatch) -> None:
    monkeypatch.chdir(flowers.parent)
    model = hs.fit("flowers", head="centroid")
    kept = model.saved.references
    assert kept is not None
    assert kept.total == len(kept) == model.saved.training.counts["fit"]
    assert set(kept.keys) == model.saved.fitted_keys
    np.testing.assert_array_equal(kept.features, model.embed(list(kept.names)).astype(np.float16))  # relative, as given
    assert [model.classes[label] for label in kept.labels] == [Path(name).parent.name for name in kept.names]


def test_pictures_in_memory_and_in_the_cache_get_names_without_a_home(fake_network, flowers) -> None:
    from headstart.data.sources import read_dataset

    in_memory = [(path.read_bytes(), path.parent.name) for path in sorted(flowers.glob("*/*.jpg"))]
    kept = hs.fit(in_memory, head="centroid").saved.references
    assert kept is not None and all(name.startswith("#") for name in kept.names)
    kept = hs.fit(read_dataset(flowers), head="centroid", cache=flowers.parent).saved.references
    assert kept is not None and all(name.startswith("flowers/") for name in kept.names)


def test_a_large_set_leaves_an_even_sample(fake_network, flowers, monkeypatch) -> None:
    monkeypatch.setattr("headstart.workflows.fit_stages.MOST_ROWS", 7)
    model = hs.fit(flowers, head="centroid")
    assert model.saved.references is not None
    assert sorted(np.bincount(model.saved.references.labels).tolist()) == [2, 2, 3]
    assert model.saved.references.total == model.saved.training.counts["fit"]


def test_after_fine_tuning_the_references_are_those_of_the_new_network(tmp_path: Path) -> None:
    from training import noise, save_timm_folder

    save_timm_folder("convolutions", tmp_path / "network")
    pictures = [(noise(label, number), str(label)) for label in range(3) for number in range(24)]
    model = hs.fit(
        pictures, encoder=str(tmp_path / "network"), method="lpft", epochs=1, head="ridge", cache=tmp_path / "cache"
    )
    kept = model.saved.references
    assert kept is not None and model.saved.head.settings()["method"] == "lpft"
    assert model.saved.policy is not None and model.saved.policy.sets is not None
    assert (
        10 <= model.saved.policy.sets.groups == model.saved.policy.novelties.groups < len(kept) / 3
    )  # validation part
    rows = [int(name.removeprefix("#")) for name in kept.names]
    np.testing.assert_array_equal(kept.features, model.embed([pictures[row][0] for row in rows]).astype(np.float16))
