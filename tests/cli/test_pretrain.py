"""The whole chain on a network of one's own: pretraining, features, fine-tuning, scoring."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import headstart as hs
from headstart.cli.app import app
from training import noise, save_timm_folder


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a tiny network in timm's layout, and pictures of three colours."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    save_timm_folder("convolutions", tmp_path / "network")
    for label, name in enumerate(("red", "green", "blue")):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(12):
            noise(label, number).save(tmp_path / "pictures" / name / f"{number}.png")
    return tmp_path


def headstart(*arguments):
    """Run the command line with real networks, unlike the fixture of the same name."""
    return CliRunner().invoke(app, list(arguments), prog_name="headstart")


def test_what_was_pretrained_is_an_encoder_to_transfer_from(place):
    trained = headstart("pretrain", "pictures", "--encoder", "network", "--epochs", "2", "--out", "runs/own")
    assert trained.exit_code == 0, trained.stderr
    assert trained.stdout.splitlines()[-1] == "Transfer from it: headstart fit DATA --encoder runs/own"
    probe = headstart("fit", "pictures", "--encoder", "runs/own", "--head", "ridge", "--json")
    assert probe.exit_code == 0, probe.stderr
    features = hs.embed("pictures", encoder="runs/own").matrix
    np.testing.assert_allclose(features, hs.load("runs/own").embed("pictures"), rtol=1e-4, atol=1e-5)
    assert not np.allclose(features, hs.embed("pictures", encoder="network").matrix, atol=1e-2)
    assert json.loads(probe.stdout)["encoder"]["name"] == "runs/own"
    moved = headstart("fit", "pictures", "--encoder", "runs/own", "--method", "lpft", "--epochs", "1", "--json")
    assert moved.exit_code == 0, moved.stderr
    assert json.loads(moved.stdout)["training"]["method"] == "lpft"


def test_pretrained_weights_are_another_start_than_random_ones(place):
    losses = {}
    for weights in ("random", "pretrained"):
        answer = headstart(
            "pretrain", "pictures", "--encoder", "network", "--weights", weights, "--epochs", "1", "--json"
        )
        assert answer.exit_code == 0, answer.stderr
        found = json.loads(answer.stdout)
        assert found["training"]["method"] == {"random": "scratch", "pretrained": "full"}[weights]
        losses[weights] = found["history"][0]["loss"]
    assert losses["random"] != losses["pretrained"]


def test_other_weights_are_refused(place):
    answer = headstart("pretrain", "pictures", "--weights", "good")
    assert answer.exit_code == 2
    assert "--weights is 'good'; it can be random or pretrained." in " ".join(answer.stderr.split())
