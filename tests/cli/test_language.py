"""The language of the command line: that of ``--lang``, or of the locale, for all that it says."""

import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner, Result

import headstart as headstart_package
from headstart.cli.app import app
from headstart.cli.language import locale_language, translate
from headstart.runtime.catalogue import read_catalogue
from planted import save_scenes
from training import noise, save_timm_folder

COMMAND = re.compile(r"headstart [a-z]+( [^\s\u3000-\uffef]+)?|curl -F \S+")  # what is typed has no language
SENTENCE = re.compile(r"(?<![\w.=/-])[a-z]+(?: [a-z]+){2,}")
IDEOGRAPH = re.compile("[\u3000-\u9fff\uff00-\uffef]")

NETWORK = ("--encoder", "network")
RUNS = {  # in this order: later ones use what earlier ones have written
    "fit": ("pictures", *NETWORK, "--abstain", "0.99", "--out", "run"),
    "evaluate": ("run", "pictures", "--unfamiliar", "scenes"),
    "predict": ("run", "pictures/red", "--abstain", "0.9", "--reject-unlike"),
    "embed": ("pictures", *NETWORK, "--out", "features.csv"),
    "explain": ("shown", "pictures/red/0.png", "--out", "why"),
    "export": ("run",),
    "benchmark": ("run", "--forms", "library", "--seconds", "0.01"),
    "pretrain": ("pictures", *NETWORK, "--epochs", "1", "--out", "own"),
    "check": ("scenes", *NETWORK, "--group-pattern", r"(\d)\.png", "--out", "checked", "--export", "exported"),
    "compare": ("pictures", *NETWORK, "--arms", "majority", "probe", "scratch", "--shots", "2", "--steps", "2"),
    "rank": ("pictures", "--encoders", "network", "network@48", "--out", "ranked"),
    "distance": ("pictures", "scenes/train", *NETWORK),
    "search": ("pictures", "pictures/red/1.png", "--out", "searched", *NETWORK),
    "report": ("run",),
    "serve": ("run", "--host", "0.0.0.0"),
    "encoders": (),
    "doctor": (),
    "demo": ("--out", "fruit"),
}
REFUSED = {
    "fit": ("gone",),
    "evaluate": ("gone", "pictures"),
    "predict": ("run", "gone.png"),
    "embed": ("pictures", "--out", "features.txt"),
    "explain": ("run", "pictures", "--method", "x"),
    "export": ("run", "--to", "x"),
    "benchmark": ("run", "--forms", "x"),
    "pretrain": ("pictures", "--encoder", "gone", "--out", "x"),
    "check": ("gone",),
    "compare": ("pictures", "--arms", "x"),
    "rank": ("pictures", "--encoders", "gone"),
    "distance": ("pictures",),
    "search": ("pictures", ""),
    "report": ("gone",),
    "serve": ("gone",),
    "encoders": ("get", "gone"),
    "demo": ("--out", "run"),
}


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


def test_every_sentence_of_the_help_is_translated_and_every_translation_is_of_a_sentence(headstart, monkeypatch):
    asked = set()
    monkeypatch.setattr("headstart.cli.help.translate", lambda sentence: asked.add(sentence) or translate(sentence))
    for verb in app.names:
        headstart("--lang", "zh", verb, "--help-all" if verb == "fit" else "--help")
    headstart("--lang", "zh", "--help")
    chinese = read_catalogue("zh", "cli")
    assert (
        sorted(one for one in asked - set(chinese) if re.search("[a-z] [a-z]", one) and not IDEOGRAPH.search(one)) == []
    )
    places = (Path(headstart_package.__file__).parent, Path(click.__file__).parent)
    sources = "".join(path.read_text(encoding="utf-8") for place in places for path in place.rglob("*.py"))
    assert sorted(one for one in set(chinese) - asked if one not in sources) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fitt", "x"], "错误：没有命令 'fitt'。 您是指 'fit' 吗？"),
        (
            ["fit", "x", "--encodr", "y"],
            "错误：没有选项 '--encodr'。 （您是指其中之一吗：'--encoder', '--encoding', '--method'？）",
        ),
        (["fit"], "错误：缺少参数 'DATA'."),
        (["embed", "x"], "错误：缺少选项 '--out'."),
        (["fit", "x", "y", "z"], "错误：多余的参数（z）"),
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


@pytest.fixture(scope="module")
def place(tmp_path_factory, finished) -> Path:
    """A tiny network, a finished run, pictures of three colours with a broken one, pictures with planted faults."""
    place = tmp_path_factory.mktemp("language")
    save_timm_folder("convolutions", place / "network")
    shutil.copytree(finished / "run", place / "shown")
    save_scenes(place / "scenes", 20)
    for label, name in enumerate(("red", "green", "blue")):
        (place / "pictures" / name).mkdir(parents=True)
        for number in range(20):
            noise(label, number).save(place / "pictures" / name / f"{number}.png")
    (place / "pictures" / "red" / "broken.png").write_bytes(b"nothing")
    return place


@pytest.fixture(scope="module")
def answers(place, session_cache) -> dict[str, Result]:
    """What every verb answers under a Chinese locale."""

    def run_server(served, address, limits, context, callbacks):
        callbacks.ready("http://0.0.0.0:8000/")
        return SimpleNamespace(requests=0, interrupted=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("LC_ALL", "zh_CN.UTF-8")
        patch.setenv("HEADSTART_CACHE", str(session_cache))
        patch.setattr("headstart.workflows.serve.run_server", run_server)
        patch.setattr("headstart.workflows.plan.fruit_folder", lambda *_: place / "pictures")
        patch.setattr("headstart.cli.console.LINE_AFTER_SECONDS", 0.0)
        patch.setattr("headstart.cli.console.LINE_EVERY_SECONDS", 0.0)
        call = CliRunner().invoke
        return {verb: call(app, [verb, *more], prog_name="headstart") for verb, more in RUNS.items()}


@pytest.mark.parametrize("verb", app.names)
def test_what_a_verb_prints_of_a_run_is_chinese(verb, answers):
    answer = answers[verb]
    assert (answer.exit_code, english(answer.output)) == (0, [])
    assert IDEOGRAPH.search(answer.output)


@pytest.mark.parametrize("verb", REFUSED)
def test_an_error_of_every_verb_is_chinese(verb, answers, place, monkeypatch):
    monkeypatch.chdir(place)
    answer = CliRunner().invoke(app, [verb, *REFUSED[verb], "--lang", "zh"], prog_name="headstart")
    assert (answer.exit_code, answer.stdout, english(answer.stderr)) == (1, "", [])
    assert answer.stderr.splitlines()[-1].startswith("错误：")


@pytest.mark.parametrize("verb", ["evaluate", "predict", "export", "distance", "encoders", "doctor"])
def test_the_same_in_english_has_no_chinese_and_json_is_the_same_in_both(verb, answers, place, monkeypatch):
    monkeypatch.chdir(place)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    known, *both = (
        CliRunner().invoke(app, [verb, *RUNS[verb], *more], prog_name="headstart")
        for more in (("--lang", "en"), ("--lang", "en", "--json"), ("--json",))
    )
    assert (known.exit_code, IDEOGRAPH.findall(known.output)) == (0, [])
    assert known.output != answers[verb].output
    first, second = (re.sub(r'"\w*(seconds|_mb|_gb|rate)": [\d.]+', "", one.stdout) for one in both)
    assert first == second != ""


def test_the_files_of_a_run_are_in_its_language_and_a_page_keeps_its_own(answers, place, monkeypatch):
    monkeypatch.chdir(place)
    assert all(IDEOGRAPH.search(line) for line in Path("run/log.txt").read_text(encoding="utf-8").splitlines()[:3])
    pages = [Path("run/report.html"), Path("checked/report.html"), Path("ranked/report.html")]
    assert all('<html lang="zh-Hans">' in page.read_text(encoding="utf-8") for page in pages)
    for more, tag in (((), "zh-Hans"), (("--lang", "en"), "en"), ((), "en")):
        assert CliRunner().invoke(app, ["report", "run", *more]).exit_code == 0
        assert f'<html lang="{tag}">' in pages[0].read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (KeyboardInterrupt(), "已中断。已计算的特征会保留；再次运行同一命令即可继续。"),
        (MemoryError(), "错误：内存不足。请减少图片，或使用更小的编码器。"),
        (OSError(28, "No space", "a"), "错误：系统拒绝了一次文件操作。No space: a。请检查路径、权限和磁盘。"),
        (KeyError("a"), "错误：这是 Headstart 自身的错误（KeyError: 'a'）。请加上 --debug 再次运行，并报告其输出。"),
    ],
)
def test_what_goes_wrong_otherwise_is_said_in_the_language_too(error, message, headstart, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("headstart.workflows.embed.write_features", fail)
    assert headstart("embed", "x", "--out", "x.csv", "--lang", "zh").stderr == f"{message}\n"
