"""``headstart compare`` with a tiny network: features, trainings, the cells that are kept."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from headstart.cli.app import app
from headstart.studies import compare as study
from headstart.studies.cost_estimate import CostEstimate
from headstart.studies.result_cache import Condition, Result
from training import noise, save_timm_folder


@pytest.fixture(autouse=True)
def one_thread():
    """Tiny networks gain nothing from a second thread, and lose a lot where the machine is busy."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("compare")
    save_timm_folder("convolutions", place / "network")
    for label, name in enumerate(("red", "green", "blue")):
        (place / "pictures" / name).mkdir(parents=True)
        for number in range(15):
            noise(label, number).save(place / "pictures" / name / f"{number}.png")
    return place


def compare(place, *arguments, shots=("2", "all")):
    fixed = ("--encoder", str(place / "network"), "--draws", "2", "--steps", "3", "--cache", str(place / "cache"))
    command = ["compare", str(place / "pictures"), "--shots", *shots, *fixed, *arguments]
    return CliRunner().invoke(app, command, prog_name="headstart")


def test_arms_are_compared_and_what_was_computed_is_not_computed_again(place, monkeypatch):
    arms = ("--arms", "probe", "scratch", "matched", "lpft", "--draws", "1", "--json")
    first = compare(place, *arms)
    assert first.exit_code == 0, first.stderr
    found = json.loads(first.stdout)
    assert found["arms"] == ["probe", "scratch", "matched", "lpft"]
    assert [found["factors"][1][name] for name in ("start", "shots")] == [2, "all"]
    assert {(row["arm"], row["shots"]) for row in found["rates"]} == {
        (arm, shots) for arm in ("scratch", "matched", "lpft") for shots in (2, "all")
    }
    assert "6 trainings to do, with the search for their learning rates about " in first.stderr
    assert {(row["arm"], row["shots"], row["draws"]) for row in found["curves"]} == {
        ("probe", 2, 1), ("probe", "all", 1), ("scratch", 2, 1), ("scratch", "all", 1), ("matched", 2, 1),
        ("matched", "all", 1), ("lpft", 2, 1), ("lpft", "all", 1),
    }  # fmt: skip
    assert {(row["arm"], row["against"]) for row in found["gain"]} == {("probe", "scratch"), ("lpft", "scratch")}
    assert found["verdict"]

    def refuse(*_):
        raise AssertionError("it is there already")

    monkeypatch.setattr(study, "_compute", refuse)
    again = compare(place, *arms)
    assert json.loads(again.stdout) == found


def test_people_see_curves_gains_and_the_verdict(place):
    answer = compare(place, "--arms", "majority", "colours", "random", "probe")
    assert answer.exit_code == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert lines[0] == "Accuracy on 9 pictures, with 95 % intervals over draws and pictures:"
    starts = [line.strip().split("  ")[0] for line in lines[1:6]]
    assert starts == ["examples per class", "majority class", "colour histogram", "random features", "probe"]
    assert any(line.startswith("Probe against random features: ") for line in lines)
    driven = lines[lines.index("What drove it:") + 1 :]
    assert [line.split(":")[0].strip() for line in driven] == [
        "similarity of source and target", "size of the data", "encoder", "strategy",
    ]  # fmt: skip
    assert driven[-1] == "  strategy: Not measured: it needs the arms probe, and lora, lpft or full."


def test_the_time_is_announced_before_the_first_training(place, monkeypatch):
    seen = []
    monkeypatch.setattr(study, "_compute", lambda *_: seen.append(1) or Result(np.ones(9, dtype=bool), 6, 0.1))
    monkeypatch.setattr(study, "estimate_costs", lambda *_: CostEstimate({Condition("scratch", 2, 0): 90.0}))
    answer = compare(place, "--arms", "scratch", "--seed", "5")
    assert answer.stderr.splitlines()[-1] == (
        "1 training to do, with the search for their learning rates about 1.5 min. After a stop the same command goes "
        "on."
    )
    assert len(seen) == 4


def test_a_training_that_would_not_end_in_time_is_not_begun(place, monkeypatch):
    monkeypatch.setattr(study, "_compute", lambda *_: Result(np.ones(9, dtype=bool), 6, 0.1))
    slow = {Condition("scratch", 2, 0): 9000.0, Condition("scratch", 2, 1): 1.0}
    monkeypatch.setattr(study, "estimate_costs", lambda *_: CostEstimate(slow))
    answer = compare(place, "--arms", "probe", "scratch", "--time-limit", "1h", "--seed", "6", shots=("2",))
    assert "The time was over before 1 cells: scratch at 2, draw 1" in answer.stdout


def test_after_an_interruption_only_what_is_missing_is_computed_and_the_result_is_the_same(place, monkeypatch):
    computed = []

    def drawn(spot):
        random = np.random.default_rng([len(spot.arm), spot.shots, spot.draw])
        return Result(random.random(9) < 0.6, 6, 0.1, 1e-3 if spot.arm in study.TRAINED else None)

    def compute(arena, spot, *_):
        if len(computed) == allowed:
            raise KeyboardInterrupt
        computed.append(spot)
        return drawn(spot)

    monkeypatch.setattr(study, "_compute", compute)
    monkeypatch.setattr(study, "estimate_costs", lambda *_: CostEstimate({}))
    arms = ("--arms", "probe", "scratch", "lpft", "matched", "--seed", "3")
    allowed = 5
    stopped = compare(place, *arms)
    assert stopped.exit_code == 130
    assert stopped.stderr.splitlines()[-1].startswith("Interrupted. ")
    first, computed, allowed = list(computed), [], 99
    again = compare(place, *arms, "--json")
    assert not set(first) & set(computed) and len(first) + len(computed) == 3 + 3 * 4
    max((place / "cache" / "studies").iterdir(), key=lambda path: path.stat().st_mtime_ns).unlink()
    computed.clear()
    whole = compare(place, *arms, "--json")
    assert len(computed) == 3 + 3 * 4
    assert json.loads(again.stdout) == json.loads(whole.stdout)


def test_when_the_time_is_over_the_missing_cells_are_named(place):
    answer = compare(place, "--arms", "probe", "--time-limit", "0.001s", shots=("1", "3", "4", "5"))
    assert answer.exit_code == 0, answer.stderr
    assert "The time was over before" in answer.stdout


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--arms", "prob"), "There is no arm 'prob'."),
        (("--shots", "many"), "Examples per class, draws and steps are whole numbers above nothing; or all examples."),
    ],
)
def test_what_cannot_be_compared_is_said(place, flags, message):
    answer = compare(place, *flags)
    assert answer.exit_code == 1
    assert message in answer.stderr
