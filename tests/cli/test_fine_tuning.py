"""Fine-tuning on the command line: the tutorial's run, what is looked at, what has no effect."""

import csv
import json

import pytest
from click.testing import CliRunner
from PIL import Image

from headstart.cli.app import app
from training import noise, save_timm_folder

TUTORIAL = "--method full --optimizer adam --lr 1e-3 --epochs 10 --batch-size 32 --no-augment"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A tiny network in timm's layout and as a file, and pictures of three colours."""
    place = tmp_path_factory.mktemp("fine-tuning")
    save_timm_folder("convolutions", place / "network")
    for label, name in enumerate(("red", "green", "blue")):
        (place / "pictures" / name).mkdir(parents=True)
        for number in range(12):
            noise(label, number).save(place / "pictures" / name / f"{number}.png")
    return place


@pytest.fixture
def fit(place, monkeypatch):
    """Run the verb in that place."""
    monkeypatch.setenv("HEADSTART_CACHE", str(place / "cache"))
    monkeypatch.chdir(place)

    def run(*arguments: str):
        return CliRunner().invoke(app, ["fit", "pictures", "--head", "ridge", "--resamples", "100", *arguments])

    return run


def test_the_tutorials_run_spelled_out_is_planned_and_done(fit, place):
    network = ("--encoder", "test_resnet@network/model.safetensors")
    planned = fit(*network, *TUTORIAL.split(), "--dry-run")
    assert planned.exit_code == 0, planned.stderr
    assert "Estimated time before weights move: less than a minute" in planned.stdout
    assert planned.stdout.splitlines()[-1] == (
        "Then weights move: full, at most 10 epochs of pictures as they are, in batches of 32, largest learning rate "
        "1.0e-03. A run times a few steps and says how long they will take before it begins with them."
    )
    done = fit("--encoder", "network", *TUTORIAL.split(), "--out", "tutorial", "--json")
    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    assert [row["epoch"] for row in report["history"]] == list(range(1, 11))
    assert report["trained_parameters"] == report["parameters"]
    assert report["training"]["rate"] == 1e-3
    assert "Training: full, 10 epochs of 24 pictures, about " in done.stderr


def test_what_is_looked_at_is_written_and_said(fit, place):
    done = fit(
        *("--encoder", "network", "--method", "last:2", "--no-prefix-cache", "--epochs", "3", "--out", "watched"),
        *("--find-rate", "--tensorboard", "--profile"),
    )
    assert done.exit_code == 0, done.stderr
    watched = place / "watched"
    with Image.open(watched / "rate_test.png") as picture:
        assert picture.width > 500
    assert list((watched / "training" / "tensorboard").iterdir())
    assert json.loads((watched / "training" / "profile" / "trace.json").read_text())["traceEvents"]
    operations = list(csv.DictReader((watched / "training" / "profile" / "operations.csv").read_text().splitlines()))
    assert len(operations) == 10
    assert "The 10 dearest operations of 6 steps (share of the processor's time):" in done.stdout
    assert f"{operations[0]['operation']} ({operations[0]['calls']} calls)" in done.stdout
    said = [line for line in done.stderr.splitlines() if line.startswith(("Learning rate ", "The loss did not fall"))]
    assert len(said) == 1
    # Best and last epoch are there to go on with.
    for name in ("best", "last"):
        planned = fit("--encoder", f"watched/training/{name}", "--dry-run")
        assert planned.exit_code == 0, planned.stderr
        assert f"Encoder: watched/training/{name}. 0 of 36 pictures have stored features already." in planned.stdout


def test_settings_without_effect_are_named(fit):
    planned = fit("--encoder", "network", "--epochs", "3", "--lr", "0.01", "--dry-run")
    assert planned.exit_code == 0, planned.stderr
    assert "No weight moves with the method 'probe', so this has no effect: epochs, lr. See --method." in planned.stdout
    done = fit("--encoder", "network", "--profile", "--out", "idle")
    assert done.exit_code == 0, done.stderr
    assert "No weight moves with the method 'probe': there is nothing to watch, to profile or to search." in done.stderr
