"""The help of the program and of its verbs, whole."""

import os
import re
import subprocess
import sys

import pytest

from headstart.cli.fit import fit
from headstart.settings.keys import all_settings, section_types

PROGRAM = """\
Usage: headstart [OPTIONS] COMMAND [ARGS]...

  Transfer learning that can be trusted: labelled pictures or texts become a
  model.

Options:
  --lang [en|zh]  Language, also of report.html.  [default: the locale's]
  --version       Print the version and stop.
  -h, --help      Show this message and exit.

Commands:
  fit        Fit a model to labelled pictures or texts, score it, save it.
  evaluate   Score a saved model on labelled pictures or texts.
  predict    Say what pictures show or texts say, with probabilities.
  embed      Turn pictures or texts into feature vectors, one row each.
  explain    Say why a model answers as it does: heat maps, nearest...
  export     Write a model as one file that answers the same, and prove it.
  benchmark  Measure the forms of a model: size, speed, memory.
  pretrain   Train a network on your own source task, to transfer from it...
  check      Look for near copies, label errors, outliers, shortcuts and...
  compare    Measure how much the pretrained network helps.
  rank       Say which encoder suits labelled pictures or texts.
  distance   Say how far apart two sets of pictures lie for an encoder.
  search     Find the pictures or texts that are nearest to one.
  report     Make report.html of a run: one page with everything it found.
  serve      Answer over HTTP and in a browser, on this machine.
  encoders   List pretrained networks, or bring one here.
  doctor     Say what is installed, what is here, what is wrong.
  demo       Fit a model to real photographs of fruit, or to texts.

  Start with: headstart demo. Then: headstart fit DATA, a folder with one
  folder per class, or a table.
"""

VERBS = re.findall(r"^  (\w+)  +[A-Z]", PROGRAM.partition("Commands:")[2], re.MULTILINE)

FIT = """\
Usage: headstart fit [OPTIONS] DATA [TEST]

  Fit a model to labelled pictures or texts, score it, save it.

  Example: headstart fit flowers/ --out runs/flowers

  flowers/ holds one folder per class, or train/ and test/ do. Or a table.

Arguments:
  DATA    Folder with one folder per class, or a CSV, TSV, JSONL or Parquet
          table.  [required]
  [TEST]  The same to score, instead of holding a part out: --test.

Options:
  --encoder TEXT     Pretrained network; of texts e5_small: see 'headstart
                     encoders'.  [default: efficientnet_lite0]
  --method TEXT      What moves: probe, lpft, full, last:N, gradual, norm,
                     lora, contrastive or scratch.  [default: probe]
  --preset TEXT      fast: the probe; balanced: the last stage; best:
                     everything. A rule chooses the rest.
  --time-limit TEXT  For the whole run: 90s, 10m, 1h; as many epochs as fit
                     into it.
  --seed INTEGER     Reaches every split, draw and loop.  [default: 0]
  --lang [en|zh]     Language, also of report.html.  [default: the locale's]
  --recipe PATH      TOML file with these settings; a flag beats the file.
  --out PATH         Run folder, used as given.  [default: a new runs/NAME-N]
  --dry-run          Say what was understood and what it will cost; stop.
  --help-all         Show all options, group by group.
  -h, --help         Show this message and exit.

More, by section of a recipe; headstart fit --help-all shows all:
  data         what is read
  split        what is held out, and what stays together
  encoder      the pretrained network
  head         what is fitted to the features
  training     which weights of the network move, and how
  uncertainty  how sure scores and answers are, and when none is given
  run          chance, machine, files
  image        how pictures are read, and varied while weights move
"""


def on_a_terminal_of_80_columns(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "headstart", *arguments],
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("arguments", "text"), [(["--help"], PROGRAM), (["fit", "--help"], FIT)])
def test_help_goes_to_standard_output(arguments, text):
    answer = on_a_terminal_of_80_columns(*arguments)
    assert (answer.stdout, answer.stderr, answer.returncode) == (text, "", 0)


def test_the_help_of_fit_fits_on_one_screen_and_names_the_other_groups_in_one_line_each():
    assert len(FIT.splitlines()) < 40
    assert re.findall(r"^  (\w+)  +[a-z]", FIT.partition("More, ")[2], re.MULTILINE) == list(section_types())


def test_all_options_of_fit_stand_in_the_groups_of_the_recipe(headstart):
    answer = headstart("fit", "--help-all")
    assert (answer.exit_code, answer.stderr) == (0, "")
    groups = dict(re.findall(r"^(?:\[(\w+)\] .*|Options):\n((?:  .*\n)+)", answer.stdout, re.MULTILINE))
    assert list(groups) == ["", *section_types()]  # what most people need first stands before all groups
    for setting in all_settings().values():
        flag = f"--{setting.key.replace('_', '-')}"
        group = "" if setting.common else setting.section
        assert [name for name, text in groups.items() if re.search(f"^  {flag}[ \n]", text, re.MULTILINE)] == [group]
    assert "  --label-smoothing FLOAT         Share of the target that is spread over all" in answer.stdout


def test_the_flags_of_fit_are_the_keys_of_the_recipe_and_what_is_no_setting():
    flags = {parameter.name for parameter in fit.params}
    others = {"data", "second", "recipe", "out", "dry_run", "cache", "no_cache", "lang", "json", "debug", "help_all"}
    assert flags - set(all_settings()) == others | {"resume", "no_augment", "find_rate", "tensorboard", "profile"}
    assert set(all_settings()) <= flags


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_loads_nothing_heavy_and_no_other_verb(verb):
    program = (
        "import sys\nfrom headstart.cli.app import app\n"
        f"try:\n    app(['{verb}', '--help'], prog_name='headstart')\nexcept SystemExit:\n    pass\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    loaded = set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stderr.split())
    assert f"headstart.cli.{verb}" in loaded
    assert not loaded & ({"numpy", "torch", "onnxruntime", "PIL", "sklearn", "scipy", "pyarrow", "rich", "jinja2"})
    assert not loaded & {f"headstart.cli.{other}" for other in VERBS if other != verb}
    assert not any(name.startswith("headstart.workflows") for name in loaded)


def test_without_a_verb_the_help_is_shown_as_a_usage_error():
    answer = on_a_terminal_of_80_columns()
    assert (answer.stdout, answer.stderr, answer.returncode) == ("", PROGRAM, 2)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_worked_example(verb, headstart):
    answer = headstart(verb, "-h")
    assert answer.exit_code == 0
    assert f"  Example: headstart {verb}" in answer.stdout


def test_the_version(headstart):
    assert re.fullmatch(r"headstart \d+\.\d+\.\d+\n", headstart("--version").stdout)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fitt", "x"], "Error: No such command 'fitt'. Did you mean 'fit'?"),
        (["train", "x"], "Error: No such command 'train'. Did you mean 'fit'?"),  # as other programs call it
        (["eval", "x"], "Error: No such command 'eval'. Did you mean 'evaluate'?"),
        (["test", "x"], "Error: No such command 'test'. Did you mean 'evaluate'?"),
        (["infer", "x"], "Error: No such command 'infer'. Did you mean 'predict'?"),
        (["Classify", "x"], "Error: No such command 'Classify'. Did you mean 'predict'?"),
        (
            ["fit", "x", "--encodr", "y"],
            "Error: No such option '--encodr'. (Did you mean one of: '--encoder', '--encoding', '--method'?)",
        ),
        (["fit"], "Error: Missing argument 'DATA'."),
        (["fit", "x", "--seed", "one"], "Error: Invalid value for '--seed': "),
        (["encoders", "got"], "Error: Invalid value: Use 'headstart encoders', or 'headstart encoders get NAME'."),
        (["encoders", "get"], "Error: Invalid value: Use 'headstart encoders', or 'headstart encoders get NAME'."),
        (["predict", "m", "p", "--format", "cvs"], "Error: Invalid value for '--format': "),
    ],
)
def test_wrong_usage_ends_with_two_and_names_what_is_meant(arguments, message, headstart):
    answer = headstart(*arguments)
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert answer.stderr.splitlines()[-1].startswith(message)
