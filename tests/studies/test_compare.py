"""What pretraining is worth: draws, cells, and what follows from the answers."""

import json
import sys
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.data.few_shots import draw_shots
from headstart.data.targets.classes import Classes
from headstart.errors import MissingExtraError, OutputError
from headstart.metrics.paired_tests import holm, mcnemar
from headstart.modalities.base import load_modality
from headstart.reporting.verdicts import factor_sentence
from headstart.runtime.catalogue import ENGLISH, texts_in
from headstart.runtime.findings import sentences
from headstart.settings.recipe import Recipe
from headstart.studies import cost_estimate as forecast
from headstart.studies.compare import Answers, require_torch, usable_shots
from headstart.studies.compare_report import report_answers
from headstart.studies.conditions import ALL
from headstart.studies.effect_sizes import Bootstrap
from headstart.studies.result_cache import Condition, Result, ResultStore


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(1, 8), st.integers(0, 3), st.integers(0, 9))
def test_a_draw_has_the_examples_of_each_class_and_is_part_of_the_larger_one(labels, shots, draw, seed):
    labels = np.array(labels)
    rows, more = (draw_shots(labels, np.arange(len(labels)), number, seed, draw) for number in (shots, shots + 1))
    for number in np.unique(labels):
        assert (labels[rows] == number).sum() == min(shots, (labels == number).sum())
    assert set(rows) <= set(more)
    assert len(set(rows.tolist())) == len(rows)


def test_arms_that_need_torch_say_so_where_there_is_none(monkeypatch):
    monkeypatch.setattr("headstart.studies.compare.find_spec", lambda name: None)
    require_torch(("majority", "colours", "random", "probe"))
    with pytest.raises(MissingExtraError, match="for the arms scratch, lpft"):
        require_torch(("scratch", "probe", "lpft"))


def test_draws_differ():
    labels = np.zeros(50, dtype=int)
    assert draw_shots(labels, np.arange(50), 10, 0, 0).tolist() != draw_shots(labels, np.arange(50), 10, 0, 1).tolist()
    assert draw_shots(labels, np.arange(50), 10, 0, 0).tolist() != draw_shots(labels, np.arange(50), 10, 1, 0).tolist()


def test_numbers_that_take_everything_become_all():
    labels = np.array([0] * 10 + [1] * 4)
    assert usable_shots(labels, [1, 5, 10, 50]) == (1, 5, ALL)
    assert usable_shots(labels, [1, 5]) == (1, 5)


@given(st.lists(st.booleans(), min_size=1, max_size=70))
def test_a_cell_comes_back_as_it_was(tmp_path_factory, right):
    path = tmp_path_factory.mktemp("cells") / "deep" / "cells.jsonl"
    ResultStore(path).add(Condition("probe", 5, 1), Result(np.array(right), 10, 0.5, 1e-3))
    found = ResultStore(path).find(Condition("probe", 5, 1))
    assert (found.right.tolist(), found.learned, found.seconds, found.rate) == (right, 10, 0.5, 1e-3)


def test_a_line_that_was_cut_off_costs_its_own_cell_only(tmp_path):
    path = tmp_path / "cells.jsonl"
    store = ResultStore(path)
    for draw in range(3):
        store.add(Condition("probe", 5, draw), Result(np.ones(20, dtype=bool), 10, 0.5))
    path.write_text(path.read_text()[:-30])
    again = ResultStore(path)
    assert again.find(Condition("probe", 5, 1)) is not None
    assert again.find(Condition("probe", 5, 2)) is None
    again.add(Condition("probe", 5, 2), Result(np.zeros(20, dtype=bool), 10, 0.5))
    assert ResultStore(path).find(Condition("probe", 5, 2)).right.sum() == 0


def test_a_cache_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = ResultStore(tmp_path / "file" / "cells.jsonl")
    with pytest.raises(OutputError):
        store.add(Condition("probe", 5, 0), Result(np.ones(3, dtype=bool), 10, 0.5))


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


def report(found, modality="image"):
    return report_answers(found, Bootstrap(np.arange(400), 0, 300), load_modality(modality).references)


def test_transfer_that_helps_is_said_to_help_with_its_labels():
    found = report(answers(scratch=(0.3, 0.6), probe=(0.8, 0.9)))
    assert [gain.shots for gain in found.gains] == ["2", "20"]
    assert all(gain.difference.low > 0.2 for gain in found.gains)
    assert str(found.gains[0].multiplier) == "more than 10"
    (verdict,) = found.verdict()
    assert verdict.startswith("Probe against training from scratch: helps at 2 and 20 examples per class")
    assert "hurts" not in verdict


def test_gains_of_texts_are_over_words_which_cost_least_and_those_of_pictures_over_what_has_no_pretraining():
    found = answers(words=(0.6, 0.8), random=(0.3, 0.6), probe=(0.8, 0.9))
    assert {gain.against for gain in report(found, "text").gains} == {"words"}
    assert {gain.against for gain in report(found).gains} == {"random"}
    texts = texts_in("zh", "text")
    (verdict,) = report(found, "text").verdict(texts)
    assert verdict.startswith("线性探针与词袋相比")


def test_an_arm_that_never_gets_there_is_said_so_and_every_arm_has_its_own_name():
    found = report(answers(scratch=(0.1, 0.3), lpft=(0.2, 0.9)))
    (verdict,) = found.verdict()
    assert verdict.startswith("LP-FT against training from scratch: helps at 2 and 20 examples per class (most at 20: ")
    assert verdict.endswith("training from scratch cannot get there with the most labels tried).")


def test_at_the_end_of_a_curve_the_table_says_not_reached_and_no_division_by_no_mistakes():
    found = report(answers(scratch=(0.1, 0.3), probe=(0.2, 0.9)))
    assert [row.split()[-3:-1] for row in found.lines() if "training from scratch  " in row][-1] == ["not", "reached"]
    assert "more than 1 times" not in "\n".join(found.lines())
    behind = report(answers(scratch=(0.5, 0.8), probe=(0.3, 0.9)))
    row = next(row for row in behind.lines() if "training from scratch  2 " in row)
    assert row.split()[-2] == "fewer"
    perfect = "\n".join(report(answers(scratch=(0.9, 1.0), probe=(0.9, 1.0))).lines())
    assert "nan" not in perfect


def test_the_part_of_mistakes_is_not_measured_where_resamples_have_none():
    right = {(arm, 2): np.ones((2, 3), dtype=bool) for arm in ("random", "probe")}
    right["random", 2][0, 0] = False  # a third of the resamples, or so, leave the one mistake out
    (similarity, *_) = report_answers(Answers(right, {2: 2.0}, ()), Bootstrap(np.arange(3), 0, 300), ()).factors
    assert (similarity.effect, similarity.low) == (None, None)
    assert factor_sentence(asdict(similarity), ENGLISH) == (
        "Not measured: it needs the arms probe and random, and enough pictures for mistakes in every resample."
    )


def test_only_where_a_network_was_trained_from_scratch_more_steps_may_bring_it_nearer():
    training = "Every network was trained for about 0 steps, at the best of several learning rates."
    assert tuple(sentences(report(answers(probe=(0.5, 0.6), lpft=(0.5, 0.6))).findings)) == (training,)
    (said,) = report(answers(probe=(0.5, 0.6), scratch=(0.2, 0.3))).findings
    assert str(said) == f"{training} With more steps (--steps) training from scratch may come nearer."


def test_transfer_hurts_only_when_the_whole_interval_is_below_nothing():
    (verdict,) = report(answers(scratch=(0.6, 0.8), probe=(0.4, 0.8))).verdict()
    assert "transfer hurts here at 2" in verdict
    assert "no difference can be shown at 20" in verdict


def test_without_a_training_from_scratch_the_next_reference_is_taken():
    found = report(answers(majority=(0.1, 0.1), random=(0.3, 0.4), probe=(0.5, 0.6)))
    assert {gain.against for gain in found.gains} == {"random"}


def test_nothing_to_compare_is_said():
    assert report(answers(majority=(0.1, 0.1), colours=(0.3, 0.4))).verdict()[0].startswith("No transfer was measured")


def test_the_report_is_plain_data_with_the_promised_keys():
    found = json.loads(json.dumps(report(answers(scratch=(0.3, 0.6), probe=(0.8, 1.0), lpft=(0.7, 0.9))).to_json()))
    assert {"arms", "curves", "gain", "data_multiplier", "verdict"} <= found.keys()
    assert found["arms"] == ["probe", "scratch", "lpft"]
    assert {"arm", "shots", "accuracy", "low", "high"} <= found["curves"][0].keys()
    assert [row["arm"] for row in found["gain"]] == ["probe", "probe", "lpft", "lpft"]
    assert found["area"]["probe"] == pytest.approx(0.45, abs=0.05)


def test_networks_are_said_to_have_had_few_steps():
    found = answers(scratch=(0.3, 0.6), probe=(0.8, 0.9))
    notices = report(replace(found, steps=100)).findings
    assert str(notices[0]).startswith("Every network was trained for about 100 steps")
    assert report(answers(random=(0.3, 0.6), probe=(0.8, 0.9))).findings == ()


def test_three_tests_stand_beside_each_gain_and_are_corrected_for_their_number():
    found = report(answers(scratch=(0.5, 0.52), probe=(0.55, 0.6)))
    for gain in found.gains:
        assert gain.on_these_draws.low >= gain.difference.low - 0.02
        assert 0 < gain.p_examples <= 1 and 0 < gain.p_draws <= 1
    assert [gain.p for gain in found.gains] == pytest.approx(holm([mcnemar_of(2), mcnemar_of(20)]))
    plain = found.to_json()["gain"][0]["tests"]
    assert set(plain) == {"mcnemar", "pictures", "draws and pictures"}


def mcnemar_of(shots):
    right = answers(scratch=(0.5, 0.52), probe=(0.55, 0.6)).right
    return mcnemar(right["probe", shots][0], right["scratch", shots][0])


def test_a_gain_is_taken_over_the_draws_that_both_have():
    right = {("scratch", 2): np.ones((1, 40), dtype=bool), ("probe", 2): np.ones((3, 40), dtype=bool)}
    right["scratch", 2] = np.stack([np.ones(40, dtype=bool), np.zeros(40, dtype=bool)])
    right["probe", 2][2] = False  # a draw that scratch never had
    (gain,) = report_answers(Answers(right, {2: 2.0}, ()), Bootstrap(np.arange(40), 0, 200), ("scratch",)).gains
    assert gain.difference.value == pytest.approx(0.5)


def test_perfect_answers_have_an_interval_with_a_width():
    found = report(answers(majority=(0.1, 0.1), probe=(1.0, 1.0)))
    assert found.points[-1].accuracy.low < 0.995


# --- factors


def factors(**accuracies):
    found = report(answers(**accuracies)).factors
    return {one.factor: one for one in found}


def test_each_factor_has_the_effect_that_its_arms_show():
    found = factors(random=(0.2, 0.4), probe=(0.6, 0.9), lpft=(0.5, 0.95))
    near = pytest.approx
    assert found["similarity of source and target"].effect == near((0.6 - 0.2) / 0.8, abs=0.05)
    assert found["size of the data"].effect == near(0.3, abs=0.05)
    assert found["encoder"].effect == near(0.5, abs=0.05)
    assert found["strategy"].effect == near(0.05, abs=0.03)
    for one in found.values():
        assert one.low <= one.effect <= one.high
    assert "was not measured" in factor_sentence(asdict(found["similarity of source and target"]), ENGLISH)


def test_a_factor_that_no_arm_has_measured_is_not_made_up():
    found = factors(scratch=(0.2, 0.4), lpft=(0.5, 0.95))
    for name in ("similarity of source and target", "encoder", "strategy"):
        assert found[name].effect is None
        assert factor_sentence(asdict(found[name]), ENGLISH).startswith("Not measured: it needs the arms probe")
    assert found["size of the data"].effect == pytest.approx(0.45, abs=0.05)


def test_fine_tuning_that_loses_has_a_negative_effect():
    found = factors(probe=(0.6, 0.9), full=(0.5, 0.7))
    assert found["strategy"].high < 0


# --- what it will take


def test_the_forecast_adds_the_search_once_for_each_arm_and_size(monkeypatch):
    pace = SimpleNamespace(start=1.0, learning=0.01, answering=0.001)
    trial = SimpleNamespace(plan_for_steps=lambda *_: None, time_trial=lambda *_: pace)
    monkeypatch.setitem(sys.modules, "headstart.finetuning.short_training", trial)
    monkeypatch.setattr(forecast, "select_training_inputs", lambda *_: SimpleNamespace(ground=None))
    arena = SimpleNamespace(
        recipe=Recipe(),
        target=Classes(("ant", "bee")),
        fit=SimpleNamespace(strata=np.arange(60) % 2),
        test=SimpleNamespace(examples=[None] * 10),
        encoder=SimpleNamespace(spec=SimpleNamespace(modality="image")),
    )
    spots = [Condition("full", 20, draw) for draw in range(3)] + [Condition("full", 5, 0), Condition("probe", 20, 0)]
    found = forecast.estimate_costs(arena, spots, 50, set(), None)
    learned = 40 * round(50 / 4)  # batches of ten
    once = 1.0 + learned * 0.01 + 10 * 0.001
    searched = 3 * (1.0 + 0.8 * learned * 0.01 + 0.2 * learned * 0.001)
    assert [found.of(spot) for spot in spots[:3]] == pytest.approx([once + searched, once, once])
    assert found.of(spots[4]) == 0  # a probe
    assert found.of(spots[3]) == pytest.approx(1.0 + 10 * round(50 / 5) * 0.01 + 0.01)  # too few to search on
    known = forecast.estimate_costs(arena, spots, 50, {("full", 20)}, None)
    assert known.of(spots[0]) == pytest.approx(once)


def test_a_rate_at_an_end_of_the_three_is_tried_beyond():
    from headstart.finetuning.short_training import search_factor

    for best, tried in ((0.09, 4), (0.3, 4), (1.0, 3), (3.0, 4), (10.0, 4)):
        asked = []
        found = search_factor(lambda factor, best=best, asked=asked: asked.append(factor) or abs(np.log(factor / best)))
        assert found == pytest.approx(best) and len(asked) == tried
    assert search_factor(lambda factor: np.nan if factor > 1 else -factor) == 1.0
