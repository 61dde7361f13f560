"""Networks with random weights."""

from dataclasses import replace
from pathlib import Path

import pytest

from fakes import FAKE_SPEC
from headstart.encoders import random_init as untrained
from headstart.encoders.spec import EncoderFiles


class Made(Exception):
    """Which folder would be made."""


def folder_of(height: int, seed: int, cache: Path) -> Path:
    spec = replace(FAKE_SPEC, preprocessing=replace(FAKE_SPEC.preprocessing, height=height, width=height))
    with pytest.raises(Made) as found:
        untrained.untrained_encoder(spec, EncoderFiles(None, None, {}), seed, cache)
    return found.value.args[0]


def test_each_size_of_input_and_each_seed_has_a_graph_of_its_own(monkeypatch, tmp_path):
    """A graph takes one size only: at ``@96`` the graph for 224 pixels cannot run."""

    def stop(spec, files, seed, folder):
        raise Made(folder)

    monkeypatch.setattr(untrained, "_make_untrained", stop)
    folders = [folder_of(height, seed, tmp_path) for height, seed in ((224, 0), (96, 0), (224, 1))]
    assert len(set(folders)) == 3
    assert folder_of(224, 0, tmp_path) == folders[0]
