"""What the command line says about answers that should not be relied on, whole."""

import json
import re
from pathlib import Path

import pytest

from pictures import save_flowers, save_noise


@pytest.fixture
def model(headstart, flowers) -> str:
    """A run with two classes that look alike, and pictures to ask it about."""
    for number in range(40):
        save_noise(Path("data/pale") / f"{number}.png", (200, 190, 180), number)
        save_noise(Path("data/paler") / f"{number}.png", (200, 190, 180), 100 + number)
        save_noise(Path("data/red") / f"{number}.png", (190, 30, 60), 200 + number)
    save_noise(Path("new/blue.png"), (20, 40, 230), 1)
    save_noise(Path("new/pale.png"), (200, 190, 180), 999)
    save_noise(Path("new/red.png"), (190, 30, 60), 998)
    answer = headstart("fit", "data", "--head", "logistic", "--out", "run", "--abstain", "0.9", "--coverage", "0.95")
    assert answer.exit_code == 0
    return "run"


def masked(text: str) -> str:
    return re.sub(r"\d+\.\d+", "#", text)


def test_a_table_says_in_plain_words_what_not_to_rely_on(headstart, model):
    answer = headstart("predict", model, "new", "--top", "1")
    assert (answer.exit_code, answer.stderr) == (0, "")
    text = answer.stdout.replace("paler, pale ", "pale, paler ")  # which of the two comes first is chance
    assert [line.split(maxsplit=4)[4:] for line in text.splitlines()] == [
        ["one of       note"],
        ["pale         I don't know this kind of picture"],
        ["pale, paler  I am not sure enough"],
        ["red"],
    ]


def test_json_and_csv_hold_the_same(headstart, model):
    blue, pale, red = json.loads(headstart("predict", model, "new", "--json").stdout)
    assert (blue["unfamiliar"], blue["abstained"], blue["familiarity"]) == (True, False, pytest.approx(1 / 97))
    assert (pale["unfamiliar"], pale["abstained"], sorted(pale["prediction_set"])) == (False, True, ["pale", "paler"])
    assert re.fullmatch(r"Not sure enough: 0\.\d{3} is below 0\.\d{3}, for a precision of 0\.9\.", pale["reason"])
    assert (red["unfamiliar"], red["abstained"], red["prediction_set"], red["reason"]) == (False, False, ["red"], "")
    lines = headstart("predict", model, "new", "--format", "csv", "--top", "1").stdout.splitlines()
    assert lines[0] == "path,label,probability,prediction_set,abstained,reason,unfamiliar,familiarity,novelty"
    assert lines[3].startswith("new/red.png,red,") and ",red,false,,false," in lines[3]


def test_other_promises_are_asked_for_on_the_command_line(headstart, model):
    refused = headstart("predict", model, "new", "--json", "--reject-unlike", "--abstain", "0", "--coverage", "0.5")
    blue, pale, _ = json.loads(refused.stdout)
    assert (blue["abstained"], blue["reason"]) == (True, "The picture is unlike the training pictures.")
    assert (pale["abstained"], len(pale["prediction_set"])) == (False, 1)
    wrong = headstart("predict", model, "new", "--abstain", "95")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert wrong.stderr == "Error: The setting abstain = 95.0 is out of range. It can be 0.0 to 0.999.\n"


def test_evaluate_says_whether_the_promises_were_kept(headstart, model):
    for number in range(10):
        save_noise(Path("strange") / f"{number}.png", (20, 40, 230), 700 + number)
    answer = headstart("evaluate", model, "data", "--unfamiliar", "strange")
    lines = masked(answer.stdout).splitlines()
    title = "Knowing when not to answer, on all scored pictures, those of the fitted part among them:"
    assert lines[lines.index(title) :] == [
        title,
        "  Sets of classes hold the true one: # [#, #] (asked: #); # classes in the mean.",
        "  Answers at # or surer are right: # [#, #] (asked: #); # [#, #] of the pictures get one.",
        "  Known pictures taken for unlike ones: # [#, #] (allowed: #).",
        "  Unlike pictures found: # [#, #] of 10 in strange; AUROC # [#, #].",
    ]
    found = json.loads(headstart("evaluate", model, "data", "--unfamiliar", "strange", "--json").stdout)["guard"]
    assert found["novelty"]["auroc"]["value"] == found["novelty"]["found"]["value"] == 1
    assert found["sets"]["promised"] == 0.95


def test_a_folder_of_other_pictures_that_is_not_there_is_an_error(headstart, model):
    answer = headstart("evaluate", model, "data", "--unfamiliar", "strnge")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "strnge" in answer.stderr


def test_predict_says_when_no_answer_can_be_precise_enough(headstart, model):
    answer = headstart("predict", model, "new", "--abstain", "0.999", "--json")
    assert all(one["abstained"] for one in json.loads(answer.stdout))
    assert re.fullmatch(
        r"A precision of 0\.999 cannot be promised, 0\.\d{3} can, from 96 held-out pictures\. "
        r"No picture gets an answer: ask for less, or add pictures\.\n",
        answer.stderr,
    )


def test_a_precision_that_cannot_be_promised_is_said_with_the_one_that_can(headstart):
    save_flowers(Path("few"), 8)
    answer = headstart("fit", "few", "--head", "centroid", "--abstain", "0.99")
    (line,) = [line for line in answer.stdout.splitlines() if "cannot be promised" in line]
    assert re.fullmatch(
        r"  A precision of 0\.99 cannot be promised, 0\.\d{3} can, from 18 held-out pictures\. "
        r"No picture gets an answer: ask for less, or add pictures\.",
        line,
    )
