"""Evidence about documents is tested: the model follows it, and it changes when the weights have no meaning."""

from dataclasses import replace

import numpy as np
import pytest

from headstart.encoders.text.loading import load_encoder
from headstart.explain.base import ExplanationRequest
from headstart.explain.explained_model import ExplainedModel
from headstart.explain.text.deletion import measure_deletion
from headstart.explain.text.explaining import explain_example
from headstart.explain.text.parts import split_parts
from headstart.explain.text.randomisation import Dependence, _untrained
from headstart.heads.linear import LinearHead
from headstart.heads.probabilities import Softmax
from headstart.runtime.catalogue import texts_in
from tiny_transformers import save_transformer

TEXT = "the good film and a bad song"


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    place = tmp_path_factory.mktemp("checks")
    encoder = load_encoder(str(save_transformer(place / "tiny")), cache=place / "cache")
    weight = np.random.default_rng(0).normal(size=(2, encoder.spec.dimension)).astype(np.float32)
    head = LinearHead(weight, np.zeros(2, dtype=np.float32))
    return ExplainedModel(encoder, encoder.files, head, Softmax(1.0), ("bad", "good"))


def explain(subject, text=TEXT, **wish):
    return explain_example(subject, text, "#0", ExplanationRequest(checks=True, **wish))


def test_the_mean_probability_without_parts_is_that_of_an_analysis_by_hand():
    worth, grid = {"a": 0.5, "b": 0.2, "c": 0.1}, np.array([5.0, 3.0, 1.0], np.float32)

    def probability(documents):
        return np.array([sum(worth[word] for word in one.split()) for one in documents])

    found = measure_deletion(grid, "a b c", split_parts("a b c"), probability, seed=0)
    assert found.deletion == pytest.approx((0.3 + 0.1 + 0.0) / 3)  # "b c", "c", ""
    by_hand = {(0, 1, 2): 0.4, (0, 2, 1): 0.5, (1, 0, 2): 0.7, (1, 2, 0): 1.1, (2, 0, 1): 0.9, (2, 1, 0): 1.2}
    generator = np.random.default_rng(0)
    areas = [by_hand[tuple(generator.permutation(3).tolist())] / 3 for _ in range(20)]
    assert found.random_deletion == pytest.approx(np.mean(areas))
    assert found.beaten == sum(area > 0.4 / 3 + 1e-9 for area in areas)


def test_evidence_changes_with_a_shuffled_head_and_with_a_random_network(subject, tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    found = explain(subject)
    alike = found.checks.dependence
    assert alike.dependent and abs(alike.head) < 0.5 and alike.everything is not None
    assert found.to_json()["randomisation"] == {
        "head": alike.head,
        "everything": alike.everything,
        "dependent": True,
    }
    network = _untrained(subject, 0)
    assert network.spec.name.endswith("(random weights)")
    tokens = [network.preprocess(TEXT)]
    assert not np.allclose(network.encode(tokens), subject.encoder.encode(tokens))
    assert explain(subject).checks.dependence == alike  # the seed decides


def test_evidence_that_does_not_change_is_not_to_be_trusted_in_both_languages(subject, monkeypatch):
    monkeypatch.setattr("headstart.explain.text.randomisation.LARGEST", 0)
    constant = LinearHead(np.array([[-1.0], [1.0]], np.float32).repeat(64, axis=1), np.zeros(2, np.float32))
    found = explain(replace(subject, head=constant)).checks
    assert found.dependence == Dependence(pytest.approx(1.0), None) and not found.dependence.dependent
    said = found.lines(texts_in("en", "text"))
    assert "rank correlation after shuffling weights: head 1.00" in said
    assert "This evidence hardly depends on what the model has learnt: do not trust it." in said
    assert "这些依据几乎不取决于模型所学的内容：不可信。" in found.lines(texts_in("zh", "text"))


def test_of_two_words_no_ranks_are_compared(subject):
    found = explain(subject, "good film")
    assert found.checks.dependence is None and found.to_json()["randomisation"] is None
    assert found.checks.lines(texts_in("en", "text"))
