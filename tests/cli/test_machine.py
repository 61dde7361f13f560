"""``headstart doctor`` and ``headstart encoders``: what is here, and what is wrong."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from headstart.encoders.loading import EncoderRow
from headstart.registry import TABLES
from headstart.reporting.doctor import EXTRAS
from headstart.reporting.encoders import EncoderTable


def test_encoders_lists_the_catalogue_with_size_licence_and_whether_they_are_here(headstart):
    answer = headstart("encoders")
    head, *rows = answer.stdout.splitlines()
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert head.split() == ["encoder", "for", "here", "numbers", "MB", "top-1", "licence", "note"]
    assert [row.split()[0] for row in rows[: len(TABLES["encoders"])]] == list(TABLES["encoders"])
    assert rows[0].split()[:4] == ["efficientnet_lite0", "pictures", "yes", "1280"]
    assert "Apache-2.0" in rows[0]
    assert headstart("encoders", "list").stdout == answer.stdout


def test_encoders_in_json_is_one_list(headstart):
    found = json.loads(headstart("encoders", "--json").stdout)
    assert [row["name"] for row in found] == list(TABLES["encoders"])
    assert {"name", "dimension", "size_mb", "licence", "source", "here"} <= set(found[0])


def test_encoders_get_of_one_that_is_here_says_so(headstart):
    answer = headstart("encoders", "get", "efficientnet_lite0")
    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[1].split()[:3] == ["efficientnet_lite0", "pictures", "yes"]


def test_encoders_get_of_an_unknown_name_gives_the_nearest(headstart):
    answer = headstart("encoders", "get", "efficientnet_light0")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith("Error: There is no encoder 'efficientnet_light0'. ")
    assert answer.stderr.endswith(" Did you mean 'efficientnet_lite0'?\n")


def test_a_number_that_is_not_known_is_left_empty():
    row = EncoderRow("timm:tiny", "tiny", None, 1.5, "mit", "hub", True, None, "Brought from a model hub.")
    assert EncoderTable((row,)).lines()[1].split()[:6] == ["timm:tiny", "pictures", "yes", "2", "mit", "Brought"]


def test_doctor_says_what_is_here_and_that_all_is_well(headstart, tmp_path, monkeypatch):
    known = {extra: modules for extra, modules in EXTRAS.items() if extra != "demo-text"}  # these tests do without it
    monkeypatch.setattr("headstart.reporting.doctor.EXTRAS", known)
    answer = headstart("doctor")
    lines = answer.stdout.splitlines()
    assert (answer.exit_code, answer.stderr) == (0, "")
    names = ["Python:", "System:", "Packages:", "Not installed:", "Cache:", "Encoders here:", "GPU:"]
    assert [line[:15].strip() for line in lines[:7]] == names
    assert lines[4][15:].startswith(f"{tmp_path / 'cache'} (0 MB, ")
    assert "efficientnet_lite0" in lines[5]
    assert lines[7:] == ["", "All is well."]


def test_doctor_in_json_is_one_object(headstart, tmp_path):
    found = json.loads(headstart("doctor", "--json", "--cache", tmp_path / "other").stdout)
    assert found["problems"] == []
    assert found["cache"] == str(tmp_path / "other")
    assert found["packages"]["numpy"]
    assert {"python", "cores", "free_gb", "encoders"} <= set(found)


@pytest.fixture
def bad_machine(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """No torch, a full disk, and a file where the cache folder should be."""
    monkeypatch.setattr("headstart.reporting.doctor.find_spec", lambda name: None)
    monkeypatch.setattr(
        "headstart.reporting.doctor.shutil.disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 10**8)
    )
    (tmp_path / "file").write_bytes(b"")


def test_doctor_names_what_is_wrong_and_what_to_do(headstart, bad_machine, tmp_path):
    answer = headstart("doctor", "--cache", tmp_path / "file")
    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[8:] == [
        f"Only 0.1 GB are free at '{tmp_path / 'file'}'. Free some, or set HEADSTART_CACHE elsewhere.",
        f"Nothing can be written to the cache '{tmp_path / 'file'}': features are computed anew in every run. "
        "Change its rights, or set HEADSTART_CACHE elsewhere.",
        "",
        "Nothing else is needed for a first model. More would bring:",
        '  pip install "headstart[train]"        weights that move (--method lpft, --preset balanced ...), other '
        "networks (timm:, folders, files), GPUs",
        '  pip install "headstart[check]"        likely label errors in headstart check',
        '  pip install "headstart[serve]"        headstart serve',
        '  pip install "headstart[explain]"      headstart explain --method gradients, with [train]',
        '  pip install "headstart[tensorboard]"  --tensorboard, with [train]',
        '  pip install "headstart[openvino]"     headstart export --to openvino',
        '  pip install "headstart[demo]"         the photographs of headstart demo',
        '  pip install "headstart[demo-text]"    the texts of headstart demo --text',
        '  pip install "headstart[heic]"         HEIC photographs, as an iPhone takes them',
        '  pip install "headstart[dicom]"        DICOM pictures, as scanners write them',
        '  pip install "headstart[text]"         networks that read documents',
        '  pip install "headstart[transformers]" networks of transformers that read documents',
    ]


def test_doctor_knows_every_extra_of_the_package():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(EXTRAS) == set(project["optional-dependencies"]) - {"dev", "report"}


def test_doctor_finds_nothing_wrong_with_an_environment_without_torch(headstart, monkeypatch):
    monkeypatch.setattr("headstart.reporting.doctor.find_spec", lambda name: None if name == "torch" else name)
    lines = headstart("doctor").stdout.splitlines()
    assert lines[8:11] == ["All is well.", "", "Nothing else is needed for a first model. More would bring:"]
    assert len(lines) == 12
    assert json.loads(headstart("doctor", "--json").stdout)["offers"] == lines[11:]
