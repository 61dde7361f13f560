"""The help of the program and of its verbs, whole."""

import re

import pytest

PROGRAM = """\
Usage: headstart [OPTIONS] COMMAND [ARGS]...

  Transfer learning that can be trusted: a folder of labelled pictures becomes a model.

Options:
  --version   Print the version and stop.
  -h, --help  Show this message and exit.

Commands:
  fit       Fit a model to labelled pictures, score it, save it.
  evaluate  Score a saved model on labelled pictures.
  predict   Say what is on pictures, with probabilities.
  embed     Turn pictures into feature vectors, one row each.
  encoders  List pretrained networks, or bring one here.
  doctor    Say what is installed, what is here, what is wrong.
  demo      Fit a model to real photographs of fruit.

  Start with: headstart demo. Then: headstart fit FOLDER, where FOLDER has one folder of pictures
  per class.
"""

FIT = """\
X
"""


def test_the_help_of_the_program(headstart):
    assert (headstart("--help").stdout, headstart("--help").exit_code) == (PROGRAM, 0)


def test_without_a_verb_the_help_is_shown_as_a_usage_error(headstart):
    answer = headstart()
    assert (answer.stdout, answer.stderr, answer.exit_code) == ("", PROGRAM, 2)


def test_the_help_of_fit(headstart):
    assert headstart("fit", "--help").stdout == FIT


@pytest.mark.parametrize("verb", re.findall(r"^  (\w+)  +[A-Z]", PROGRAM.partition("Commands:")[2], re.MULTILINE))
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
        (["fit", "x", "--encodr", "y"], "Error: No such option: --encodr (Possible options: --encoder, --method)"),
        (["fit"], "Error: Missing argument 'DATA'."),
        (["fit", "x", "--seed", "one"], "Error: Invalid value for '--seed': 'one' is not a valid int."),
        (["encoders", "got"], "Error: Invalid value: Use 'headstart encoders', or 'headstart encoders get NAME'."),
        (["encoders", "get"], "Error: Invalid value: Use 'headstart encoders', or 'headstart encoders get NAME'."),
        (["predict", "m", "p", "--format", "cvs"], "Error: Invalid value for '--format': 'cvs' is not one of"),
    ],
)
def test_wrong_usage_ends_with_two_and_names_what_is_meant(arguments, message, headstart):
    answer = headstart(*arguments)
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert answer.stderr.splitlines()[-1].startswith(message)
