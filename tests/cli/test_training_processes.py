"""Trainings as whole processes: killed and resumed, and two at once."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from training import noise, save_timm_folder

SETTINGS = ("--method", "lpft", "--epochs", "6", "--checkpoint-seconds", "0", "--head", "ridge", "--resamples", "100")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A tiny transformer in timm's layout, pictures, a cache: shared by the processes of this file."""
    place = tmp_path_factory.mktemp("processes")
    save_timm_folder("transformer", place / "network")
    for label, name in enumerate(("red", "green", "blue")):
        (place / "pictures" / name).mkdir(parents=True)
        for number in range(16):
            noise(label, number).save(place / "pictures" / name / f"{number}.png")
    return place


def command(place: Path, out: str, *more: str, processes: int = 1) -> list[str]:
    starter = ["-m", "torch.distributed.run", "--nproc-per-node", str(processes)] if processes > 1 else []
    fit = ["-m", "headstart", "fit", "pictures", "--encoder", "network", "--out", out, "--json", *SETTINGS, *more]
    return [sys.executable, *starter, *fit]


def environment(place: Path) -> dict[str, str]:
    return os.environ | {"HEADSTART_CACHE": str(place / "cache"), "OMP_NUM_THREADS": "1"}


def run(place: Path, out: str, *more: str, processes: int = 1) -> dict:
    done = subprocess.run(
        command(place, out, *more, processes=processes),
        cwd=place,
        env=environment(place),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def weights(place: Path, out: str) -> dict[str, torch.Tensor]:
    with safe_open(place / out / "training" / "last.safetensors", framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys() if name.startswith("live.")}


@pytest.fixture(scope="module")
def whole(place):
    """A run that nobody disturbed."""
    return run(place, "whole", "--batch-size", "8")


def test_the_report_of_a_training_has_history_and_trained_parameters(whole, place):
    assert [row["epoch"] for row in whole["history"]] == [1, 2, 3, 4, 5, 6]
    assert whole["trained_parameters"] == whole["parameters"] > 10_000
    assert whole["baselines"].keys() == {"majority", "colour_histogram", "probe"}
    lines = (place / "whole" / "history.csv").read_text().splitlines()
    assert len(lines) == 7
    assert (place / "whole" / "learning_curve.png").is_file()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_run_killed_at_any_moment_and_resumed_has_the_bits_of_one_that_nobody_disturbed(whole, place, seed):
    out = f"killed-{seed}"
    process = subprocess.Popen(
        command(place, out, "--batch-size", "8"), cwd=place, env=environment(place),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    checkpoint, seen = place / out / "training" / "last.safetensors", set()
    moment = random.Random(seed).randint(1, 12)  # of some 24 checkpoints
    while process.poll() is None and len(seen) < moment:
        if checkpoint.exists():
            seen.add(checkpoint.stat().st_mtime_ns)
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (place / out / "metrics.json").exists(), "it was killed too late to prove anything"
    found = run(place, out, "--batch-size", "8", "--resume")
    expected, got = weights(place, "whole"), weights(place, out)
    assert expected.keys() == got.keys()
    assert all(torch.equal(tensor, got[name]) for name, tensor in expected.items())
    assert [row["loss"] for row in found["history"]] == [row["loss"] for row in whole["history"]]


def test_a_run_killed_while_it_writes_what_it_learned_is_finished_without_training_again(whole, place):
    out = "killed-at-the-end"
    process = subprocess.Popen(
        command(place, out, "--batch-size", "8"), cwd=place, env=environment(place),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while process.poll() is None and not (place / out / "model" / "manifest.json").exists():
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (place / out / "metrics.json").exists(), "it was killed too late to prove anything"
    (place / out / "training" / "best" / ".model.safetensors.0a1b2c3d.partial").write_bytes(b"of a kill in there")
    found = run(place, out, "--batch-size", "8", "--resume")
    assert found["history"] != [] and found["evaluation"] == whole["evaluation"]
    for end in ("training/best", "training/last", "model"):
        expected, got = (load_file(place / name / end / "model.safetensors") for name in ("whole", out))
        assert expected.keys() == got.keys()
        assert all(torch.equal(tensor, got[name]) for name, tensor in expected.items())
    assert not list((place / out).rglob("*.partial"))


def test_a_finished_run_is_not_resumed(whole, place):
    done = subprocess.run(
        command(place, "whole", "--resume"), cwd=place, env=environment(place), capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.strip().endswith(
        "Error: The run in 'whole' cannot be resumed. It was finished. Start a new one, without --resume."
    )


def test_two_processes_make_the_steps_of_one_with_twice_the_batch(whole, place):
    found = run(place, "two", "--batch-size", "4", processes=2)
    expected, got = weights(place, "whole"), weights(place, "two")
    for name, tensor in expected.items():
        torch.testing.assert_close(got[name], tensor, rtol=0, atol=1e-5)
    # Validation is shared out without padding: its mean is over every picture once.
    for one, two in zip(whole["history"], found["history"], strict=True):
        assert two["validation_loss"] == pytest.approx(one["validation_loss"], abs=1e-5)
        assert two["steps"] == one["steps"]
    assert found["evaluation"]["count"] == whole["evaluation"]["count"]
