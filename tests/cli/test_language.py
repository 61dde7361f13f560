"""The language of the command line: that of ``--lang``, or of the locale, for all that it says."""

import re

import pytest

from headstart.cli.app import app
from headstart.cli.language import locale_language

COMMAND = re.compile(r"headstart [a-z]+( [^\s\u3000-\uffef]+)?|curl -F \S+")  # what is typed has no language
SENTENCE = re.compile(r"(?<![\w.=/-])[a-z]+(?: [a-z]+){2,}")
IDEOGRAPH = re.compile("[\u3000-\u9fff\uff00-\uffef]")


def english(text: str) -> list[str]:
    """Find what looks like an English sentence: three words of small letters in a row."""
    return SENTENCE.findall(COMMAND.sub("", " ".join(text.split())))


@pytest.fixture(autouse=True)
def _a_wide_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_TW", "LANG": "de_DE"}, "zh"),
    ],
)
def test_the_locale_chooses_the_language_as_posix_says(variables, language, monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert locale_language() == language


def test_the_flag_beats_the_locale_wherever_it_stands(headstart, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert headstart("fit", "gone").stderr == "错误：“gone”不存在。请检查路径。\n"
    assert headstart("fit", "gone", "--lang=en").stderr == "Error: 'gone' does not exist. Check the path.\n"
    assert headstart("--lang", "en", "fit", "gone").stderr == "Error: 'gone' does not exist. Check the path.\n"
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert headstart("fit", "--lang", "zh", "gone").stderr == "错误：“gone”不存在。请检查路径。\n"
    assert headstart("fit", "gone").stderr == "Error: 'gone' does not exist. Check the path.\n"


@pytest.mark.parametrize("verb", app.names)
def test_the_help_of_every_verb_is_in_one_language(verb, headstart):
    chinese, known = headstart(verb, "--lang", "zh", "--help").stdout, headstart(verb, "--help").stdout
    assert english(chinese) == []
    assert chinese.startswith("用法：") and "  示例：headstart" in chinese
    assert not IDEOGRAPH.search(known)
    tables = (re.split("^(?:选项：|Options:)$", text, flags=re.MULTILINE)[1] for text in (chinese, known))
    options = [re.findall(r"^  --[\w-]+", table, re.MULTILINE) for table in tables]
    assert options[0] == options[1]


def test_the_help_of_the_program_and_all_options_of_fit_are_chinese(headstart):
    for arguments in (("--lang", "zh", "--help"), ("fit", "--lang", "zh", "--help-all")):
        answer = headstart(*arguments)
        assert english(answer.output) == []
        assert len(IDEOGRAPH.findall(answer.output)) > 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fitt", "x"], "错误：没有命令 'fitt'。 您是指 'fit' 吗？"),
        (["fit", "x", "--encodr", "y"], "错误：没有选项 '--encodr'。 （您是指其中之一吗：'--encoder', '--method'？）"),
        (["fit"], "错误：缺少参数 'DATA'."),
        (["embed", "x"], "错误：缺少选项 '--out'."),
        (["fit", "x", "y"], "错误：多余的参数（y）"),
        (["fit", "x", "--seed"], "错误：选项 '--seed' 需要一个值。"),
        (["fit", "x", "--json=1"], "错误：选项 '--json' 不带值。"),
        (["fit", "x", "--seed", "one"], "错误：'--seed' 的值无效：'one' 不是有效的数（integer）。"),
        (["predict", "m", "p", "--top", "0"], "错误：'--top' 的值无效：0 不在范围 x>=1 之内。"),
        (
            ["predict", "m", "p", "--format", "cvs"],
            "错误：'--format' 的值无效：'cvs' 不在可选值 'table', 'csv', 'json' 之中。",
        ),
        (["encoders", "got"], "错误：无效的值：请使用“headstart encoders”或“headstart encoders get NAME”。"),
        (["export", "m", "--half", "--int8"], "错误：无效的值：--half 与 --int8 只能选一个。"),
        (["pretrain", "d", "--weights", "x"], "错误：无效的值：--weights 为“x”；可选 random 或 pretrained。"),
    ],
)
def test_wrong_usage_is_said_in_the_language_too(arguments, message, headstart, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    answer = headstart(*arguments)
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.splitlines()[-1] == message
