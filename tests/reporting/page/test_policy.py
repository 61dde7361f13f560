"""The section on when a model should not answer."""

from dataclasses import replace

import numpy as np
import pytest

from headstart.metrics.intervals import wilson
from headstart.reporting.page.blocks import Facts, Fold, Paragraph, Table
from headstart.reporting.page.policy import policy_section
from headstart.reporting.page.values import DataCounts, RunData
from headstart.runtime.catalogue import LANGUAGES, texts_in
from headstart.uncertainty.evaluate import AnswerScores, OodScores, PolicyScores, SetScores, auroc

SETS = SetScores("lac", 0.9, wilson(92, 100), wilson(50, 100), wilson(70, 100), {"ant": wilson(46, 50)}, 80, 0.82, 0.97)
ANSWERS = AnswerScores(0.95, 0.81, 0.953, wilson(78, 80), wilson(80, 100), 80)
NOVELTY = OodScores("neighbours", 0.05, 0.09, 0.4, wilson(4, 100))
FULL = PolicyScores(100, SETS, ANSWERS, NOVELTY)


def blocks(found: PolicyScores, language: str = "en"):
    run = RunData({"guard": found.to_json()}, {}, {}, "", (), DataCounts(), ())
    return policy_section(run, texts_in(language)).blocks


def table(found: PolicyScores, language: str = "en") -> dict[str, list[str]]:
    (one,) = (block for block in blocks(found, language) if isinstance(block, Table))
    return {
        row[0].text: [f"{cell.text} {cell.note}".strip().replace("\xa0", " ") for cell in row[1:]] for row in one.rows
    }


def said(found: PolicyScores, language: str = "en") -> str:
    texts = [block.text for block in blocks(found, language) if isinstance(block, Paragraph)]
    return "\n".join(texts).replace("\xa0", " ")


def test_each_promise_stands_beside_what_was_measured():
    rows = {name: [cell.replace("\N{WORD JOINER}", "") for cell in row] for name, row in table(FULL).items()}
    assert rows == {
        "coverage of the sets": ["90 %", "92.0 % 85.0–95.9", "kept"],
        "precision of the answers": ["95.0 %", "97.5 % 91.3–99.3", "kept"],
        "false alarms": ["at most 5 %", "4.0 % 1.6–9.8", "kept"],
    }
    (facts,) = (dict(block.rows) for block in blocks(FULL) if isinstance(block, Facts))
    assert facts["classes in a set, on average"] == "0.50"
    assert facts["an answer needs a confidence of"].replace("\xa0", " ") == "81.0 %"
    assert "no promise was broken" in said(FULL)


def test_a_broken_promise_is_a_warning_and_named():
    broken = replace(FULL, novelty=replace(NOVELTY, false_alarms=wilson(40, 100)))
    assert table(broken)["false alarms"][-1] == "not kept"
    assert "Not kept here: false alarms." in said(broken)
    assert "no promise was broken" not in said(broken)


def test_a_precision_that_cannot_be_promised_is_said():
    refused = replace(FULL, answers=replace(ANSWERS, threshold=None, bound=0.91))
    assert "precision of the answers" not in table(refused)
    assert "A precision of 95.0 % cannot be promised, 91.0 % can, from 80 held-out pictures. No picture" in said(
        refused
    )
    none = replace(refused, answers=replace(refused.answers, bound=0.0))
    assert "A precision of 95.0 % cannot be promised, nor any other, from 80 held-out pictures" in said(none)
    few = replace(refused, answers=replace(refused.answers, bound=0.0, held_out=0))
    assert "cannot be promised: fewer than 10 pictures could be held out to learn from" in said(few)


def test_pictures_of_another_kind_have_a_share_and_an_auroc():
    strange = auroc(np.linspace(0, 1, 50), np.linspace(0.5, 1.5, 30))
    other = replace(FULL, novelty=replace(NOVELTY, unfamiliar="cars", count=30, auroc=strange, found=wilson(12, 30)))
    rows = table(other)
    assert rows["unlike pictures found (30 in cars)"][1].startswith("40.0 %")
    assert rows["AUROC of unlikeness (30 in cars)"][1].startswith(f"{strange.value:.3f}")
    assert "--unfamiliar" not in said(other)
    assert "--unfamiliar" in said(FULL)


@pytest.mark.parametrize("language", LANGUAGES)
def test_parts_that_a_guard_does_not_have_are_not_shown(language):
    bare = PolicyScores(100, None, None, NOVELTY)
    assert len(table(bare, language)) == 1
    assert not any(isinstance(block, Fold) for block in blocks(bare, language))
    assert "--abstain 0.95" in said(bare, language)


def test_where_nothing_is_promised_there_is_a_reason_and_no_empty_table():
    (one,) = blocks(PolicyScores(40, None, None, None))
    assert isinstance(one, Paragraph)
    assert one.text.startswith("Nothing is promised: too few pictures were held out")
    refused = PolicyScores(40, None, replace(ANSWERS, threshold=None, bound=0.91), None)
    assert not any(isinstance(block, Table) for block in blocks(refused))
    assert "A precision of 95.0 % cannot be promised" in said(refused)


def test_promises_measured_on_leaked_pictures_too_say_so():
    metrics = {"guard": FULL.to_json(), "leaked": {"count": 7, "evaluation_without": None}}
    section = policy_section(RunData(metrics, {}, {}, "", (), DataCounts(), ()), texts_in("en"))
    (one,) = (block for block in section.blocks if isinstance(block, Table))
    assert one.caption == ("What was promised, and what 100 scored pictures say, 7 of which are not new to the model")


def test_the_coverage_of_each_class_is_there_for_who_asks():
    (fold,) = (block for block in blocks(FULL) if isinstance(block, Fold))
    assert [row[0].text for row in fold.blocks[0].rows] == ["ant"]
