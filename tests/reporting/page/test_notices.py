"""What was found, in the language of the page."""

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.audit.duplicates import duplicate_sets
from headstart.audit.similarity.base import DuplicatePairs
from headstart.data.columns import find_columns
from headstart.data.same_names import twin_notices
from headstart.data.sources import read_dataset
from headstart.errors import MissingExtraError
from headstart.finetuning.image_views import NOT_CUT
from headstart.reporting.page.blocks import Points
from headstart.reporting.page.notices import notice_blocks
from headstart.reporting.render.fonts import _missing_notice
from headstart.runtime.catalogue import texts_in
from headstart.runtime.findings import Finding, notices_json
from pictures import save_noise

EN, ZH = texts_in("en"), texts_in("zh")
IDEOGRAPH = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def littered(tmp_path_factory) -> tuple[Finding, ...]:
    """What reading a folder finds that holds more than pictures in class folders."""
    folder = tmp_path_factory.mktemp("littered")
    for name in ("ant", "bee"):
        (folder / name).mkdir()
        save_noise(folder / name / "1.png", (9, 9, 9), 1)
    (folder / "empty").mkdir()
    (folder / "notes.txt").write_text("x")
    save_noise(folder / "stray.png", (9, 9, 9), 2)
    return read_dataset(folder).notices


def written(*findings: Finding) -> dict:
    return json.loads(json.dumps(notices_json(findings)))


def test_what_reading_a_folder_finds_is_said_in_chinese(littered):
    assert notice_blocks([written(*littered)], ZH) == [
        Points(
            (
                "略去了 1 个没有图片扩展名的文件（1 .txt）。",
                "1 张图片不在任何类别文件夹中，已略去。",
                "1 个类别文件夹中没有图片：'empty'。",
            ),
            "quiet",
        )
    ]
    assert notice_blocks([written(*littered)], EN) == [Points(tuple(map(str, littered)), "quiet")]


def found_by_the_program() -> list[Finding]:
    chain = DuplicatePairs(
        np.array([[place, place + 1] for place in range(12)]), np.ones(12, np.float32), np.zeros(12, bool)
    )
    package = MissingExtraError("cleanlab", "check", "audit.to_find_labels")
    return [
        *twin_notices(["Rose", "rose"]),
        *find_columns("t", ["File", "Category"]).notices(),
        *duplicate_sets(chain, 13).notices,
        _missing_notice(["花"]),
        _missing_notice(["花", "草"]),
        NOT_CUT,
        Finding("audit.labels_package", {"error": package}),
    ]


@pytest.mark.parametrize("finding", found_by_the_program(), ids=lambda finding: finding.code)
def test_what_the_program_finds_keeps_its_numbers_in_chinese(finding):
    said = finding.render(texts_in("zh"))
    assert IDEOGRAPH.search(said)
    assert "{" not in said
    assert set(re.findall(r"\d+", said)) == set(re.findall(r"\d+", str(finding)))


def test_what_an_older_version_or_another_package_wrote_stays_english_and_is_marked_so():
    foreign = {"code": "theirs.odd", "values": {}, "severity": "note"}
    known = Finding("finetuning.nothing_moved")
    data = {"notices": ["Theirs is odd.", str(known)], "findings": [foreign, known.to_json()]}
    chinese = [Points(("模型就是线性探针：最终没有移动权重。",), "quiet"), Points(("Theirs is odd.",), "quiet", "en")]
    assert notice_blocks([data], ZH) == chinese
    assert notice_blocks([{"notices": ["Nobody knows this."]}], ZH) == [Points(("Nobody knows this.",), "quiet", "en")]
    assert notice_blocks([{"notices": ["Nobody knows this."]}], EN) == [Points(("Nobody knows this.",), "quiet")]
    assert notice_blocks([{}], ZH) == []


def test_what_the_page_says_elsewhere_is_left_out():
    assert notice_blocks([written(*twin_notices(["Rose", "rose"]))], ZH, ("data.twins",)) == []


def test_what_is_found_twice_is_said_once(littered):
    assert notice_blocks([written(*littered), written(*littered)], ZH) == notice_blocks([written(*littered)], ZH)


@given(st.text(max_size=40))
def test_any_text_of_a_user_passes_through_a_sentence_unchanged(text):
    found = Finding("reporting.mistake_gone", {"name": text, "error": "it is gone."})
    assert found.render(texts_in("zh")) == f"错误图集中的图片“{text}”无法读取：it is gone."
