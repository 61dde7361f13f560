"""``headstart explain`` as a user meets it."""

import json
import re

import pytest
from PIL import Image
from typer.testing import CliRunner

import headstart as hs
from headstart.cli.app import app
from headstart.data.pictures import open_picture
from pictures import FLOWERS, save_noise


@pytest.fixture(scope="module")
def place(tmp_path_factory, flowers, lite0, session_cache):
    place = tmp_path_factory.mktemp("explain")
    hs.fit(flowers, head="ridge", cache=session_cache).save(place / "model")
    save_noise(place / "new" / "rose.jpg", FLOWERS["rose"], 900)
    save_noise(place / "new" / "tulip.jpg", FLOWERS["tulip"], 901)
    return place


def run(place, *arguments):
    return CliRunner().invoke(app, ["explain", str(place / "model"), *map(str, arguments)], prog_name="headstart")


def test_json_names_the_pictures_and_the_nearest_examples(place, tmp_path):
    answer = run(place, place / "new", "--out", tmp_path / "why", "--neighbours", 3, "--json")
    assert answer.exit_code == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert [file["label"] for file in found["files"]] == ["rose", "tulip"]
    for file in found["files"]:
        assert (file["method"], file["exact"], file["target"]) == ("cam", True, file["label"])
        assert [near["label"] for near in file["neighbours"]] == [file["label"]] * 3
        assert 0 <= file["neighbours"][0]["distance"] <= file["neighbours"][2]["distance"]
        assert open_picture(file["picture"]).width > 1000
        assert max(open_picture(file["overlay"]).size) == 640
    assert sorted(path.name for path in (tmp_path / "why").iterdir()) == [
        "001-rose-heat.png", "001-rose.png", "002-tulip-heat.png", "002-tulip.png",
    ]  # fmt: skip


def test_people_are_told_what_kind_of_map_it_is(place, tmp_path):
    answer = run(place, place / "new" / "rose.jpg", "--out", tmp_path / "why", "--target", "tulip")
    lines = answer.stdout.splitlines()
    assert re.search(r"rose\.jpg: rose \(0\.\d{3}\), explained for tulip$", lines[0])
    assert lines[1].startswith("  heat: class activation map (the last maps, which are pooled), exact: it sums to ")
    assert lines[2].startswith("  nearest training examples: rose 0.")
    assert lines[-1] == f"Written to {tmp_path / 'why'}"


def test_training_pictures_that_are_gone_are_named_and_not_shown(place, tmp_path):
    pictures = [(Image.new("RGB", (40, side), name), name) for name in ("red", "blue") for side in range(40, 48)]
    model = hs.fit(pictures, head="ridge")
    model.save(tmp_path / "model")
    pictures[0][0].save(tmp_path / "a.png")
    answer = run(tmp_path, tmp_path / "a.png", "--out", tmp_path / "why")
    assert "Training pictures that are gone or have changed are not shown, only named." in answer.stdout


def test_a_file_that_is_no_picture_is_left_out_by_name(place, tmp_path):
    (tmp_path / "odd.jpg").write_text("no picture")
    answer = run(place, place / "new" / "rose.jpg", tmp_path / "odd.jpg", "--out", tmp_path / "why")
    assert answer.exit_code == 0
    assert f"Left out, unreadable: {tmp_path / 'odd.jpg'} (It is not a picture of a known format.)" in answer.stdout
    answer = run(place, tmp_path / "odd.jpg", "--out", tmp_path / "other")
    assert answer.exit_code == 1
    assert answer.stderr.startswith("Error: None of the pictures can be read.")
    assert not (tmp_path / "other").exists()


def test_wrong_wishes_leave_nothing_behind(place, tmp_path):
    for wish in (("--method", "camm"), ("--target", "roses")):
        answer = run(place, place / "new", "--out", tmp_path / "why", *wish)
        assert answer.exit_code == 1
        assert answer.stderr.startswith("Error: The") and not (tmp_path / "why").exists()
