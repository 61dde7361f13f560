"""What pretraining is worth: draws, cells, and what follows from the answers."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.errors import MissingExtraError, OutputError
from headstart.studies.cells import Cell, CellStore, Spot
from headstart.studies.compare import ALL, Answers, draw_support, require_torch, usable_shots
from headstart.studies.compare_report import report_answers


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(1, 8), st.integers(0, 3), st.integers(0, 9))
def test_a_draw_has_the_examples_of_each_class_and_is_part_of_the_larger_one(labels, shots, draw, seed):
    labels = np.array(labels)
    rows, more = (draw_support(labels, number, draw, seed) for number in (shots, shots + 1))
    for number in np.unique(labels):
        assert (labels[rows] == number).sum() == min(shots, (labels == number).sum())
    assert set(rows) <= set(more)
    assert len(set(rows.tolist())) == len(rows)


def test_arms_that_need_torch_say_so_where_there_is_none(monkeypatch):
    monkeypatch.setattr("headstart.studies.compare.find_spec", lambda name: None)
    require_torch(("majority", "colours", "probe"))
    with pytest.raises(MissingExtraError, match="for the arms random, lpft"):
        require_torch(("random", "probe", "lpft"))


def test_draws_differ():
    labels = np.zeros(50, dtype=int)
    assert draw_support(labels, 10, 0, 0).tolist() != draw_support(labels, 10, 1, 0).tolist()
    assert draw_support(labels, 10, 0, 0).tolist() != draw_support(labels, 10, 0, 1).tolist()


def test_numbers_that_take_everything_become_all():
    labels = np.array([0] * 10 + [1] * 4)
    assert usable_shots(labels, [1, 5, 10, 50]) == (1, 5, ALL)
    assert usable_shots(labels, [1, 5]) == (1, 5)


@given(st.lists(st.booleans(), min_size=1, max_size=70))
def test_a_cell_comes_back_as_it_was(tmp_path_factory, right):
    path = tmp_path_factory.mktemp("cells") / "deep" / "cells.jsonl"
    CellStore(path).add(Spot("probe", 5, 1), Cell(np.array(right), 10, 0.5))
    found = CellStore(path).find(Spot("probe", 5, 1))
    assert (found.right.tolist(), found.learned, found.seconds) == (right, 10, 0.5)


def test_a_line_that_was_cut_off_costs_its_own_cell_only(tmp_path):
    path = tmp_path / "cells.jsonl"
    store = CellStore(path)
    for draw in range(3):
        store.add(Spot("probe", 5, draw), Cell(np.ones(20, dtype=bool), 10, 0.5))
    path.write_text(path.read_text()[:-30])
    again = CellStore(path)
    assert again.find(Spot("probe", 5, 1)) is not None
    assert again.find(Spot("probe", 5, 2)) is None
    again.add(Spot("probe", 5, 2), Cell(np.zeros(20, dtype=bool), 10, 0.5))
    assert CellStore(path).find(Spot("probe", 5, 2)).right.sum() == 0


def test_a_cache_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = CellStore(tmp_path / "file" / "cells.jsonl")
    with pytest.raises(OutputError):
        store.add(Spot("probe", 5, 0), Cell(np.ones(3, dtype=bool), 10, 0.5))


def answers(**accuracies):
    """Answers of arms at 2 and 20 examples per class, three draws, 400 pictures."""
    random = np.random.default_rng(0)
    ease = random.random(400)
    right = {
        (arm, shots): np.stack([ease < accuracy for _ in range(3)])
        for arm, pair in accuracies.items()
        for shots, accuracy in zip((2, 20), pair, strict=True)
    }
    return Answers(right, {2: 2.0, 20: 20.0}, ())


def report(found):
    return report_answers(found, np.arange(400), seed=0, resamples=300)


def test_transfer_that_helps_is_said_to_help_with_its_labels():
    found = report(answers(scratch=(0.3, 0.6), probe=(0.8, 0.9)))
    assert [gain.shots for gain in found.gains] == ["2", "20"]
    assert all(gain.difference.low > 0.2 for gain in found.gains)
    assert str(found.gains[0].multiplier) == "more than 10"
    (verdict,) = found.verdict()
    assert verdict.startswith("Probe against training from scratch: helps at 2 and 20 examples per class")
    assert "hurts" not in verdict


def test_transfer_hurts_only_when_the_whole_interval_is_below_nothing():
    (verdict,) = report(answers(scratch=(0.6, 0.8), probe=(0.4, 0.8))).verdict()
    assert "transfer hurts here at 2" in verdict
    assert "no difference can be shown at 20" in verdict


def test_without_a_training_from_scratch_the_next_reference_is_taken():
    found = report(answers(majority=(0.1, 0.1), random=(0.3, 0.4), probe=(0.5, 0.6)))
    assert {gain.against for gain in found.gains} == {"random"}


def test_nothing_to_compare_is_said():
    assert report(answers(majority=(0.1, 0.1), colours=(0.3, 0.4))).verdict()[0].startswith("Nothing to compare")


def test_the_report_is_plain_data_with_the_promised_keys():
    found = json.loads(json.dumps(report(answers(scratch=(0.3, 0.6), probe=(0.8, 1.0), lpft=(0.7, 0.9))).to_json()))
    assert {"arms", "curves", "gain", "data_multiplier", "verdict"} <= found.keys()
    assert found["arms"] == ["probe", "scratch", "lpft"]
    assert {"arm", "shots", "accuracy", "low", "high"} <= found["curves"][0].keys()
    assert [row["arm"] for row in found["gain"]] == ["probe", "probe", "lpft", "lpft"]
    assert found["area"]["probe"] == pytest.approx(0.45, abs=0.05)
