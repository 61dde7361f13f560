"""``headstart explain`` as a user meets it."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import headstart as hs
from headstart.cli.app import app
from headstart.data.readers.image import open_example
from pictures import FLOWERS, save_noise
from training import noise, save_timm_folder


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
    answer = run(place, place / "new", "--out", tmp_path / "why", "--neighbours", 3, "--quick", "--json")
    assert answer.exit_code == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert [file["label"] for file in found["files"]] == ["rose", "tulip"]
    for file in found["files"]:
        assert (file["method"], file["exact"], file["target"]) == ("cam", True, file["label"])
        assert [near["label"] for near in file["neighbours"]] == [file["label"]] * 3
        assert 0 <= file["neighbours"][0]["distance"] <= file["neighbours"][2]["distance"]
        assert open_example(file["picture"]).width > 1000
        assert max(open_example(file["overlay"]).size) == 640
    assert sorted(path.name for path in (tmp_path / "why").iterdir()) == [
        "001-rose-heat.png", "001-rose.png", "002-tulip-heat.png", "002-tulip.png",
    ]  # fmt: skip


def test_people_are_told_what_kind_of_map_it_is(place, tmp_path):
    answer = run(place, place / "new" / "rose.jpg", "--out", tmp_path / "why", "--target", "tulip", "--quick")
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
    answer = run(tmp_path, tmp_path / "a.png", "--out", tmp_path / "why", "--quick")
    assert "Training pictures that are gone or have changed are not shown, only named." in answer.stdout


def test_a_file_that_is_no_picture_is_left_out_by_name(place, tmp_path):
    (tmp_path / "odd.jpg").write_text("no picture")
    answer = run(place, place / "new" / "rose.jpg", tmp_path / "odd.jpg", "--out", tmp_path / "why", "--quick")
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


# --- with torch: a network that has no exact map ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def transformer(tmp_path_factory):
    place = tmp_path_factory.mktemp("transformer")
    save_timm_folder("transformer", place / "network")
    pictures = [(noise(label, number), name) for label, name in enumerate(("red", "green")) for number in range(8)]
    model = hs.fit(pictures, encoder=str(place / "network"), head="ridge", cache=place / "cache")
    model.save(place / "model")
    noise(0, 99).save(place / "red.png")
    return place


def test_the_checks_are_printed_with_a_map_that_is_an_estimate(transformer, tmp_path):
    answer = run(transformer, transformer / "red.png", "--out", tmp_path / "why")
    assert answer.exit_code == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert lines[1] == "  heat: Grad-CAM (layer blocks.5.norm1), an estimate; there is no exact map of this model"
    assert lines[2].startswith("  faithfulness: showing the hottest first 0.")
    assert any(line.startswith("  rank correlation after shuffling weights: head ") for line in lines)


def test_json_carries_the_checks(transformer, tmp_path):
    answer = run(transformer, transformer / "red.png", "--out", tmp_path / "why", "--fill", "mean", "--json")
    (file,) = json.loads(answer.stdout)["files"]
    assert file["faithfulness"].keys() == {
        "deletion", "insertion", "random_deletion", "random_insertion", "beaten", "maps", "beats_centre", "fill",
        "convincing",
    }  # fmt: skip
    assert file["faithfulness"]["fill"] == "mean"
    assert file["randomisation"]["steps"][-1]["what"] == "everything"


# --- over a whole set -------------------------------------------------------------------------------------------------


def spotted(label: int, number: int, marked: bool) -> Image.Image:
    """Noise with a disc of the class's colour somewhere, or noise alone where the first class has a yellow corner."""
    random = np.random.default_rng([label, number])
    pixels = random.normal(120, 40, size=(120, 120, 3))
    rows, columns = np.mgrid[:120, :120]
    disc = (rows - random.uniform(40, 80)) ** 2 + (columns - random.uniform(40, 80)) ** 2 < 22**2
    if not marked:
        pixels[disc] = ((200, 60, 60), (60, 60, 200))[label] + random.normal(0, 25, size=(int(disc.sum()), 3))
    elif label == 0:
        pixels[10:34, 10:34] = (250, 220, 0)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("marked", [True, False])
def test_a_planted_watermark_is_warned_of_and_its_absence_is_not(marked, lite0, session_cache, tmp_path):
    names = ("ant", "bee")
    data = [(spotted(label, number, marked), names[label]) for label in (0, 1) for number in range(14)]
    hs.fit(data, head="ridge", cache=session_cache).save(tmp_path / "model")
    for label, name in enumerate(names):
        (tmp_path / "val" / name).mkdir(parents=True)
        for number in range(100, 108):
            spotted(label, number, marked).save(tmp_path / "val" / name / f"{number}.png")
    answer = run(tmp_path, tmp_path / "val", "--average", "--out", tmp_path / "why", "--json")
    assert answer.exit_code == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert [(one["label"], one["count"]) for one in found["classes"]] == [("ant", 8), ("bee", 8)]
    assert open_example(found["picture"]).width > 600
    if marked:
        (warning,) = found["warnings"]
        assert re.match(
            r"ant: \d\d% of the heat lies in the upper left ninth of the picture, [3-7]\.\d times a uniform map "
            r"\(at least [2-7]\.\d\)\. Look whether something else than the class marks it there",
            warning,
        )
    else:
        assert found["warnings"] == []
        answer = run(tmp_path, tmp_path / "val", "--average", "--out", tmp_path / "again")
        assert "In no class does the heat gather outside the middle beyond doubt." in answer.stdout
        assert answer.stdout.splitlines()[1].split()[:3] == ["class", "pictures", "in"]


def test_an_average_takes_one_set_with_classes_the_model_knows(place, tmp_path):
    answer = run(place, "a", "b", "--average")
    assert answer.exit_code == 2
    assert "--average takes one folder or table of labelled pictures." in answer.stderr
    save_noise(tmp_path / "odd" / "orchid" / "1.jpg", FLOWERS["rose"], 1)
    save_noise(tmp_path / "odd" / "rose" / "1.jpg", FLOWERS["rose"], 2)
    answer = run(place, tmp_path / "odd", "--average", "--out", tmp_path / "why")
    assert answer.exit_code == 1
    assert answer.stderr.startswith("Error: The model never saw 'orchid' (1 of 2 pictures).")
    assert not (tmp_path / "why").exists()
