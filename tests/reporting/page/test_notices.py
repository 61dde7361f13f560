"""Notices of a run in the language of its page."""

import ast
import re
import tomllib
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import headstart
from headstart.audit.duplicates import duplicate_sets
from headstart.audit.similarity.base import DuplicatePairs
from headstart.data.columns import find_columns
from headstart.data.name_checks import join_names, twin_notices
from headstart.data.sources import read_dataset
from headstart.errors import MissingExtraError
from headstart.finetuning.build import NOT_CUT
from headstart.reporting.fonts import _missing_notice
from headstart.reporting.page.blocks import Points
from headstart.reporting.page.notices import cells_in, form_of, forms, in_language, listed, notice_blocks
from headstart.runtime.catalogue import texts_in
from pictures import save_noise

EN, ZH = texts_in("en"), texts_in("zh")
BETWEEN = re.compile(r"\{\w+\}|<[\w|]+>| and |\.(?: |$)|strongest|weakest|(?<=needed) ")  # what is put in by a program
IDEOGRAPH = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def littered(tmp_path_factory) -> tuple[str, ...]:
    """What reading a folder says that holds more than pictures in class folders."""
    folder = tmp_path_factory.mktemp("littered")
    for name in ("ant", "bee"):
        (folder / name).mkdir()
        save_noise(folder / name / "1.png", (9, 9, 9), 1)
    (folder / "empty").mkdir()
    (folder / "notes.txt").write_text("x")
    save_noise(folder / "stray.png", (9, 9, 9), 2)
    return read_dataset(folder).notices


def test_what_reading_a_folder_says_is_said_in_chinese(littered):
    assert [in_language(notice, ZH) for notice in littered] == [
        "1 个文件没有图片扩展名（1 .txt），已略去。",
        "1 张图片不在任何类别文件夹中，已略去。",
        "1 个类别文件夹中没有图片：'empty'。",
    ]
    assert [in_language(notice, EN) for notice in littered] == list(littered)


def made_by_the_program() -> list[str]:
    chain = DuplicatePairs(
        np.array([[place, place + 1] for place in range(12)]), np.ones(12, np.float32), np.zeros(12, bool)
    )
    package = MissingExtraError("cleanlab", "check", "to find labels that are likely wrong")
    return [
        *twin_notices(["Rose", "rose"]),
        *find_columns("t", ["File", "Category"]).notices(),
        *duplicate_sets(chain, 13).notices,
        _missing_notice(["花"]),
        _missing_notice(["花", "草"]),
        NOT_CUT,
        f"Label errors were not looked for. {package}",
    ]


@pytest.mark.parametrize("notice", made_by_the_program())
def test_what_the_program_says_has_a_form_and_keeps_its_numbers(notice):
    said = in_language(notice, ZH)
    assert form_of(notice)
    assert IDEOGRAPH.search(said)
    assert "{" not in said
    assert set(re.findall(r"\d+", said)) == set(re.findall(r"\d+", notice))


def constants() -> str:
    """Every text in the source, literals that stand beside each other joined."""
    found = []
    for path in Path(headstart.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    for path in Path(headstart.__file__).parent.glob("catalogue/en/*.toml"):
        found.append(path.read_text(encoding="utf-8").replace('\\"', '"'))
    return "\n".join(found)


def test_every_form_is_one_that_the_program_still_builds():
    source = constants()
    table = tomllib.loads((files("headstart.reporting.page") / "notices.toml").read_text(encoding="utf-8"))
    assert table.keys() == forms().keys()
    for name, words in table.items():
        fragments = [one for one in BETWEEN.split(words["en"]) if len(one) > 6]
        assert fragments, name
        assert [one for one in fragments if one.strip() not in source] == [], name


def test_both_languages_of_a_form_have_the_same_values():
    for name, form in forms().items():
        wanted = set(re.findall(r"\{(\w+)\}", form.chinese))
        assert wanted <= set(form.pattern.groupindex), name
        assert set(form.pattern.groupindex) - wanted <= {"outcome"}, name
        assert IDEOGRAPH.search(form.chinese), name


def test_cells_that_the_time_did_not_suffice_for_are_named_in_chinese():
    notice = "The time was over before 9 cells: scratch at 2, draw 1, lpft at all, draw 3 ..."
    assert in_language(notice, ZH) == (
        "时间已到，尚有 9 项未计算：从头训练（每类 2 张，第 1 次抽样）、先探针后微调（全部，第 3 次抽样） …"
    )
    assert cells_in("", ZH) == ""


def test_a_sentence_without_a_form_stays_english_and_is_marked_so():
    blocks = notice_blocks(["Nobody knows this.", "The model is the probe: no weight was moved in the end."], ZH)
    assert blocks == [
        Points(("模型就是线性探针：最终没有移动权重。",), "quiet"),
        Points(("Nobody knows this.",), "quiet", "en"),
    ]
    assert notice_blocks(["Nobody knows this."], EN) == [Points(("Nobody knows this.",), "quiet")]
    assert notice_blocks([], ZH) == []


def test_what_the_page_says_elsewhere_is_left_out():
    assert notice_blocks(twin_notices(["Rose", "rose"]), ZH, ("twins",)) == []


@given(st.text(max_size=40))
def test_any_text_of_a_user_passes_through_a_form_unchanged(text):
    notice = f"The picture '{text}' could not be read for the sheet of mistakes: it is gone."
    if text:
        assert in_language(notice, ZH) == f"错误图集中的图片“{text}”无法读取：it is gone."
    assert isinstance(in_language(text, ZH), str)


@given(st.lists(st.sampled_from(["a", "b c", "花", "and"]), min_size=1, max_size=5))
def test_lists_of_names_keep_every_name(names):
    assert listed(join_names(names)) == "、".join(f"'{name}'" for name in names)
