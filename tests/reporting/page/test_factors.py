"""What drove it, in both languages, from the values of a comparison."""

import json

import numpy as np

from headstart.reporting.page.blocks import Points, Table
from headstart.reporting.page.factors import factors_section
from headstart.runtime.catalogue import texts_in
from headstart.studies.compare import Answers
from headstart.studies.compare_report import report_answers
from headstart.studies.effect_sizes import Bootstrap

ACCURACIES = {"random": (0.2, 0.4), "probe": (0.6, 0.9), "lpft": (0.5, 0.95)}


def comparison(**accuracies: tuple[float, float]):
    """What a comparison of these arms at 2 and at all examples per class keeps."""
    ease = np.random.default_rng(0).random(400)
    right = {
        (arm, shots): np.stack([ease < accuracy] * 3)
        for arm, pair in accuracies.items()
        for shots, accuracy in zip((2, 0), pair, strict=True)
    }
    found = report_answers(Answers(right, {2: 2.0, 0: 31.5}, (), 100), Bootstrap(np.arange(400), 0, 200), ("random",))
    return json.loads(json.dumps(found.to_json()))


def sentences(found, language: str) -> list[tuple[str, str]]:
    blocks = factors_section(None, found, texts_in(language)).blocks
    said = [(text, block.language) for block in blocks if isinstance(block, Points) for text in block.texts]
    return [(text.replace("\xa0", " ").replace("\N{WORD JOINER}", ""), marked) for text, marked in said]


def test_every_factor_is_a_sentence_of_the_page_in_its_own_language():
    found = comparison(**ACCURACIES)
    chinese, english = (sentences(found, language) for language in ("zh", "en"))
    assert len(chinese) == len(english) == 4
    assert {marked for _, marked in (*chinese, *english)} == {""}
    effect = 100 * found["factors"][1]["effect"]
    assert chinese[1][0].startswith(
        f"数据量：从每类 2 个样本到全部样本（平均每类 31.5 个），线性探针的准确率变化 +{effect:.1f} 个百分点 ["
    )
    assert english[3][0].startswith(
        "strategy: With all examples moving the weights by LP-FT instead of fitting a probe changes"
    )
    assert english[3][0].endswith("with 100 steps of training.")
    assert "random weights" in english[0][0] and "随机权重" in chinese[0][0]


def test_a_factor_that_was_not_measured_says_what_it_needs():
    chinese = sentences(comparison(scratch=(0.2, 0.4), lpft=(0.5, 0.9)), "zh")
    assert [text for text, _ in chinese if "没有测量" in text] == [
        "源与目标的相似度：没有测量：需要 probe 与 random 两种方法，以及足够多的图片，使每次重抽样都有错误。",
        "编码器：没有测量：需要 probe 与 random 两种方法。",
        "迁移策略：没有测量：需要 probe，以及 lora、lpft 或 full。",
    ]


def test_an_older_comparison_is_quoted_in_english():
    found = comparison(**ACCURACIES)
    for one in found["factors"]:
        for key in ("arm", "shots", "start", "size", "steps"):
            del one[key]
    chinese = sentences(found, "zh")
    assert [marked for _, marked in chinese] == ["en"] * 4
    assert chinese[0][0] == found["factors"][0]["sentence"]


def test_two_strategies_are_told_apart_by_their_arms():
    found = comparison(**ACCURACIES, full=(0.4, 0.7))
    (table,) = (block for block in factors_section(None, found, texts_in("en")).blocks if isinstance(block, Table))
    assert [row[0].text for row in table.rows[-2:]] == ["strategy: probe, then fine-tuning", "strategy: fine-tuning"]
