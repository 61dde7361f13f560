"""The examples run as a reader would run them."""

import runpy
import sys
from pathlib import Path

import pytest

from pictures import FLOWERS, save_flowers, save_noise

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run an example in a folder with flowers, and give back what it prints."""
    monkeypatch.chdir(tmp_path)
    save_flowers(tmp_path / "flowers", 10)
    save_noise(tmp_path / "rose.jpg", FLOWERS["rose"], 900)

    def run_example(name: str, *arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    return run_example


def test_own_folder_prints_scores_and_saves_a_model(run, tmp_path):
    printed = run("own_folder.py", "flowers", "rose.jpg")
    assert "Accuracy on 6 held-out pictures: " in printed
    assert "rose.jpg: rose (" in printed
    assert (tmp_path / "own-folder-model" / "manifest.json").is_file()


def test_scikit_learn_searches_settings_and_heads(run):
    printed = run("scikit_learn_pipeline.py", "flowers/")
    assert "Accuracy in each of 3 folds: " in printed
    assert "Best strength: C = " in printed
    assert "Best head: " in printed


def test_a_network_is_carried_as_a_folder_and_used(run, monkeypatch):
    import timm

    make = timm.create_model
    with monkeypatch.context() as hub:  # random weights stand in for those of the hub
        hub.setattr(timm, "create_model", lambda name, pretrained: make(name, pretrained=False))
        assert run("closed_network.py", "carry", "resnet18", "my-encoder") == "resnet18 is in my-encoder\n"
    assert "Features of length 512, made by weights " in run("closed_network.py", "fit", "flowers", "my-encoder")


def test_every_example_is_run_here():
    text = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES.glob("*.py") if f'run("{path.name}"' not in text] == []
