"""The page in three sentences: each of them true."""

from dataclasses import replace

import pytest

import study_files as studies
from headstart.reporting.page.blocks import Beside, Section, Table
from headstart.reporting.page.class_sections import calibration_section
from headstart.reporting.page.class_summary import best_baseline, calibration_verdict
from headstart.reporting.page.factors import factors_section
from headstart.reporting.page.summary import summarise, tiles
from headstart.reporting.page.transfer import transfer_section
from headstart.reporting.page.values import DataCounts, PageData, RunData
from headstart.runtime.catalogue import Texts, texts_in

CLASSES = ["ant", "bee"]


def score(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


def metrics(**changes: object) -> dict[str, object]:
    evaluation = {
        "count": 240,
        "classes": CLASSES,
        "accuracy": score(0.9, 0.85, 0.94),
        "calibration_error": score(0.01, 0.0, 0.03),
        "reliability": [{"count": 240, "confidence": 0.88, "accuracy": 0.9}],
        "per_class": [
            {"name": "ant", "support": 100, "recall": score(0.95, 0.9, 0.99)},
            {"name": "bee", "support": 140, "recall": score(0.9, 0.8, 0.95)},
        ],
        "confusion": [[95, 5], [14, 126]],
    }
    return {
        "evaluation": evaluation,
        "baselines": {
            "majority": {"accuracy": score(0.5, 0.4, 0.6)},
            "colour_histogram": {"accuracy": score(0.7, 0.6, 0.8)},
        },
        "counts": {"fit": 700, "score": 240},
        "leaked": {"count": 0, "evaluation_without": None},
        "head": {"name": "ridge", "candidates": [{"name": "ridge", "accuracy": 0.91}]},
        "audit": {"imbalance": 1.2},
        **changes,
    }


def page(found: dict[str, object], **studies_found: object) -> PageData:
    return PageData("flowers-1", RunData(found, {}, {}, "", (), DataCounts(), ()), **studies_found)


def said(found: dict[str, object], **studies_found: object) -> list[str]:
    sentences = summarise(page(found, **studies_found), texts_in("en"))
    assert len(sentences) == 3
    return [sentence.replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "") for sentence in sentences]


def test_a_plain_run_is_said_in_three_sentences():
    assert said(metrics()) == [
        "The model names the right class for 90.0 % of 240 pictures that it had not seen before (95 % interval "
        "85.0–94.0 %); always answering the commonest class is right for 50.0 %, colours alone for 70.0 %; no error "
        "of its "
        "probabilities can be shown (calibration error 1.0 %, 0.0–3.0 %).",
        "No weight was moved: the pretrained features are worth +20.0 points over colours alone; what the same network "
        "reaches without pretraining was not measured.",
        "No problem of the data stands out; the weakest class is “bee”, of which 14 of 140 pictures were taken for "
        "something else, most often “ant”.",
    ]


def test_a_model_that_is_no_better_than_colours_is_not_praised():
    found = metrics()
    found["evaluation"]["accuracy"] = score(0.72, 0.66, 0.78)
    first, _, third = said(found)
    assert "it is not clearly better than both of these" in first
    assert third.startswith("The largest problem: the model is not clearly better than the baseline “colours alone”")


def test_the_calibration_is_that_of_new_pictures_and_has_verdicts_only_where_there_are_any():
    def shown(found: dict[str, object]) -> tuple[str, list[str]]:
        said_first, *others = calibration_section(page(found).run, texts_in("en")).blocks
        (beside,) = (block for block in others if isinstance(block, Beside))
        return said_first.text.replace("\N{NO-BREAK SPACE}", " "), [column.label for column in beside.second.columns]

    whole = metrics()
    assert shown(whole)[1] == ["mean confidence", "right", "pictures"]
    clean = {
        "count": 200,
        "accuracy": score(0.6, 0.5, 0.7),
        "calibration_error": score(0.3, 0.2, 0.4),
        "reliability": [{"count": 200, "confidence": 0.9, "accuracy": 0.6}],
    }
    text, columns = shown(metrics(leaked={"count": 40, "evaluation_without": clean}))
    assert "30.0 %" in text
    assert columns == ["mean confidence", "right", "pictures", "verdict"]


@pytest.mark.parametrize(
    ("confidence", "error", "verdict"),
    [
        (0.97, (0.07, 0.03, 0.1), "bold"),
        (0.7, (0.2, 0.1, 0.3), "shy"),
        (0.97, (0.02, 0.0, 0.1), "fine"),
        (0.97, (0.07, 0.0, 0.1), "perhaps_bold"),
        (0.7, (0.07, 0.0, 0.1), "perhaps_shy"),
    ],
)
def test_calibration_is_judged_by_the_interval_and_its_direction_by_the_bins(confidence, error, verdict):
    found = metrics()
    found["evaluation"]["calibration_error"] = score(*error)
    found["evaluation"]["reliability"] = [{"count": 240, "confidence": confidence, "accuracy": 0.9}]
    assert calibration_verdict(found) == verdict


def test_the_accuracy_without_leaked_pictures_is_the_one_that_is_said():
    clean = {"count": 200, "accuracy": score(0.8, 0.74, 0.85)}
    first, _, third = said(metrics(leaked={"count": 40, "evaluation_without": clean}))
    assert first.startswith("The model names the right class for 80.0 % of 200 pictures")
    assert third == (
        "The largest problem: 40 scored pictures also occur in the fitted part, or share a group with it; with them "
        "the accuracy would look like 90.0 %, the number above is without them."
    )
    assert (
        tiles(page(metrics(leaked={"count": 40, "evaluation_without": clean})), texts_in("en"))[0].value[:4] == "80.0"
    )


def test_all_numbers_at_the_top_are_of_the_same_pictures():
    clean = {"count": 200, "accuracy": score(0.8, 0.74, 0.85), "calibration_error": score(0.02, 0.0, 0.04)}
    beside = {
        "majority": {"accuracy": score(0.45, 0.4, 0.5)},
        "colour_histogram": {"accuracy": score(0.62, 0.55, 0.7)},
    }
    found = metrics(leaked={"count": 40, "evaluation_without": clean, "baselines_without": beside})
    first, second, _ = said(found)
    assert "commonest class is right for 45.0 %, colours alone for 62.0 %" in first
    assert "worth +18.0 points over colours alone" in second
    shown = tiles(page(found), texts_in("en"))
    assert [tile.value.replace("\N{NO-BREAK SPACE}", " ") for tile in shown[:3]] == ["80.0 %", "+18.0", "2.0 %"]
    section = factors_section(page(found).run, None, texts_in("en"))
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert table.rows[0][1].text == "+18.0 points"


def test_where_every_picture_leaked_the_page_says_that_the_numbers_say_nothing():
    assert said(metrics(leaked={"count": 240, "evaluation_without": None}))[2] == (
        "The largest problem: every scored picture was also fitted, so these numbers say nothing about new pictures."
    )


@pytest.mark.parametrize(
    ("gains", "beginning"),
    [
        (
            None,
            "With 5 labelled pictures per class, the probe is 42.0 points [+35.0, +50.0] ahead of training from "
            "scratch, "
            "where it takes more than 12 times",
        ),
        (
            {"5": (0.01, -0.02, 0.04)},
            "With 5 labelled pictures per class, the probe differs by +1.0 points [−2.0, +4.0] from training",
        ),
        (
            {"1": (-0.1, -0.2, -0.05), "all": (-0.02, -0.04, -0.01)},
            "Transfer hurts here: with 1 labelled picture per class, the probe differs by −10.0",
        ),
    ],
)  # fmt: skip
def test_the_second_sentence_says_whether_transfer_helps_is_open_or_hurts(gains, beginning):
    assert said(metrics(), compare=studies.compare(gains))[1].startswith(beginning)


def test_transfer_hurts_only_where_the_whole_interval_lies_below_nothing():
    gains = {"1": (-0.1, -0.2, 0.001)}
    assert "hurts" not in said(metrics(), compare=studies.compare(gains))[1]


@pytest.mark.parametrize(
    ("accuracy", "share", "sentence"),
    [
        (
            (0.9, 0.85, 0.94),
            1.0,
            "Moving the weights (lpft) changed the accuracy by +2.0 points, from 88.0 % with the frozen network to "
            "90.0 %; "
            "the intervals overlap, so this may be chance.",
        ),
        (
            (0.99, 0.96, 1.0),
            1.0,
            "Moving the weights (lpft) changed the accuracy by +11.0 points, from 88.0 % with the frozen network to "
            "99.0 %.",
        ),
        (
            (0.88, 0.82, 0.93),
            0.0,
            "Moving the weights did not help on the pictures held out for that choice, so the probe on the frozen "
            "network "
            "was kept (88.0 %).",
        ),
    ],
)  # fmt: skip
def test_moved_weights_of_a_run_without_a_paired_test_are_compared_by_intervals(accuracy, share, sentence):
    found = metrics(training={"method": "lpft", "share": share})
    found["evaluation"]["accuracy"] = score(*accuracy)
    found["baselines"]["probe"] = {"accuracy": score(0.88, 0.82, 0.93)}
    assert said(found)[1] == sentence


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"head": {"name": "ridge", "candidates": [{"name": "ridge", "accuracy": 0.97}]}},
            "cross-validation inside the fitted part promised 97.0 %",
        ),
        ({"audit": {"imbalance": 4.0}}, "The largest class has 4.0 times as many pictures as the smallest"),
    ],
)  # fmt: skip
def test_other_problems_are_named(change, sentence):
    assert sentence in said(metrics(**change))[2]


@pytest.mark.parametrize(
    ("accuracy", "probe", "broken"),
    [((0.965, 0.961, 0.968), (0.96, 0.93, 0.98), False), ((0.99, 0.98, 1.0), (0.88, 0.82, 0.93), True)],
)
def test_what_cross_validation_promised_of_the_probe_is_asked_of_the_probe_when_weights_moved(accuracy, probe, broken):
    found = metrics(head={"name": "ridge", "candidates": [{"name": "ridge", "accuracy": 0.97}]})
    found["evaluation"]["accuracy"] = score(*accuracy)
    found["baselines"]["probe"] = {"accuracy": score(*probe)}
    assert any("promised 97.0 %" in line for line in said(found)) is broken


def test_few_scored_pictures_are_a_problem():
    found = metrics()
    found["evaluation"]["count"] = 60
    assert said(found)[2] == "The largest problem: only 60 pictures were scored, so the interval is 9 points wide."


def test_near_duplicates_across_the_parts_come_before_everything_but_identical_ones():
    check = {"counts": {"near_duplicates_across_splits": 3, "label_errors": 9}}
    assert said(metrics(), check=check)[2].startswith("The largest problem: 3 pairs of nearly identical pictures")
    check = {"counts": {"label_errors": 9}}
    assert said(metrics(), check=check)[2].startswith("The largest problem: 9 labels are likely wrong")


def test_without_a_mistake_nothing_is_invented():
    found = metrics()
    for row in found["evaluation"]["per_class"]:
        row["recall"] = score(1.0, 0.9, 1.0)
    assert said(found)[2].startswith("No problem was found, and no scored picture was mistaken")


def test_a_cross_validated_run_says_so():
    found = page(metrics(counts={"fit": 240, "score": 240}))
    run = replace(found.run, recipe={"folds": 5, "inner_folds": 5})
    first = summarise(replace(found, run=run), texts_in("en"))[0]
    assert first.startswith("In cross-validation, models that had not seen them name the right class for 90.0")
    assert run.examples == 240
    older = replace(found.run, recipe={"folds": 5})  # once the name of the folds inside the part to fit
    assert (older.folds, older.examples) == (0, 480)


@pytest.mark.parametrize(
    ("p", "end"),
    [(0.012, "on the same pictures (p = 0.012)."), (0.4, "on the same pictures; that may be chance (p = 0.400).")],
)
def test_moved_weights_are_compared_with_the_probe_in_pairs(p, end):
    found = metrics(training={"method": "lpft", "share": 1.0}, moved={"difference": score(0.02, 0.005, 0.04), "p": p})
    found["baselines"]["probe"] = {"accuracy": score(0.88, 0.82, 0.93)}
    assert said(found)[1] == (
        "Moving the weights (lpft) changed the accuracy by +2.0 points [+0.5, +4.0], from 88.0 % with the frozen "
        f"network to 90.0 % {end}"
    )


def test_a_gain_that_no_label_makes_good_is_said_without_a_number_of_times():
    found = studies.compare({"all": (0.5, 0.4, 0.6)})
    found["data_multiplier"][0]["value"] = 1.0
    second = said(metrics(), compare=found)[1]
    assert second.endswith("ahead of training from scratch, which cannot get there with the most labels tried.")
    alone = summarise(PageData("x", None, compare=found), texts_in("en"))[0]
    assert "training from scratch cannot get there with the most labels tried" in alone


def test_a_check_alone_is_said_in_numbers():
    counts = {
        "pictures": 1200,
        "exact_duplicate_sets": 16,
        "near_duplicates": 3,
        "label_errors": 7,
        "outliers": 2,
        "dark": 2,
        "low_information": 1,
    }
    check = {"counts": counts, "quality": {"dark": ["a.jpg", "b.jpg"], "low_information": ["b.jpg"]}}
    (sentence,) = summarise(PageData("x", None, check=check), texts_in("en"))
    assert sentence == (
        "The check looked at 1,200 pictures: sets of identical files 16, pairs of near copies 3, likely label errors "
        "7, outliers 2, pictures of doubtful quality 2; all of it for review, nothing was deleted."
    )
    unchecked = {**check, "counts": {**counts, "label_errors": None}}  # cleanlab was not there
    (sentence,) = summarise(PageData("x", None, check=unchecked), texts_in("en"))
    assert "likely label errors not looked for," in sentence


def test_chinese_says_the_same_numbers():
    texts: Texts = texts_in("zh")
    first, second, third = summarise(page(metrics(), compare=studies.compare()), texts)
    assert all(number in first for number in ("90.0", "240", "85.0", "94.0", "50.0", "70.0"))
    assert "42.0" in second and "12" in second and "bee" in third


def test_studies_alone_have_a_summary_of_their_own():
    alone = PageData("x", None, compare=studies.compare(), rank=studies.rank())
    sentences = summarise(alone, texts_in("en"))
    assert sentences[0].startswith("Probe against training from scratch: helps at 1 and 5 examples per class")
    assert sentences[0].endswith("no difference can be shown at all.")
    assert sentences[1].startswith("Of the encoders, one comes first")
    assert tiles(alone, texts_in("en")) == ()


def test_missing_numbers_leave_gaps_and_no_errors():
    bare = page({})
    assert summarise(bare, texts_in("en"))[0] == "The run holds no score."
    assert best_baseline({}) is None
    assert tiles(replace(bare, name="y"), texts_in("zh")) == ()


def test_an_arm_at_the_end_of_its_curve_is_not_said_to_need_once_the_labels():
    texts, compared = texts_in("en"), studies.compare()
    for one in compared["data_multiplier"]:
        one["value"] = 1.0
    (gains,) = (table for table in _tables(transfer_section(compared, texts)) if "gains over" in table.caption)
    assert {row[3].text for row in gains.rows} == {"not reached"}


def _tables(section: Section) -> list[Table]:
    beside = [part for block in section.blocks if isinstance(block, Beside) for part in (block.first, block.second)]
    return [block for block in (*section.blocks, *beside) if isinstance(block, Table)]
