"""What is found on the way reaches Python: as findings of the result, and as warnings at the line that asked."""

import shutil
from pathlib import Path

import pytest

import headstart as hs
from headstart.errors import HeadstartWarning
from pictures import save_flowers, save_noise

pytestmark = pytest.mark.usefixtures("fake_network")


@pytest.fixture
def damaged(tmp_path) -> Path:
    """Flowers, one of which is no picture."""
    folder = tmp_path / "data"
    save_flowers(folder, 12)
    (folder / "rose" / "0.jpg").write_bytes(b"no picture")
    return folder


CALLS = {
    "fit": lambda data, out: hs.fit(data, head="ridge"),
    "fit with a run folder": lambda data, out: hs.fit(data, head="ridge", out=out / "run"),
    "compare": lambda data, out: hs.compare(data, arms=["majority", "probe"], shots=["all"], draws=1),
    "distance": lambda data, out: hs.distance(data, out / "more"),
    "embed": lambda data, out: hs.embed(data),
}


@pytest.mark.parametrize("verb", CALLS)
def test_a_damaged_file_is_warned_of_once_at_the_line_that_asked_and_stands_in_the_findings(verb, damaged, tmp_path):
    save_flowers(tmp_path / "more", 12, seed=900)
    with pytest.warns(HeadstartWarning) as warned:
        found = CALLS[verb](damaged, tmp_path)
    (left_out,) = (one for one in warned if one.message.finding.code == "data.left_out")
    assert str(left_out.message).startswith("1 picture is left out because unreadable:\n  rose/0.jpg: ")
    assert left_out.filename == __file__
    if verb != "embed":
        assert left_out.message.finding in found.findings


def test_notes_are_findings_but_no_warnings(flowers, tmp_path):
    data = Path(shutil.copytree(flowers, tmp_path / "data"))
    for place in sorted((data / "rose").iterdir())[4:]:
        place.unlink()
    model = hs.fit(data, head="ridge")  # a warning would be an error here
    assert {"data.tiny", "data.imbalance"} <= {one.code for one in model.findings}


def test_a_class_that_can_never_be_predicted_is_warned_of(tmp_path):
    save_flowers(tmp_path / "data" / "train", 8)
    save_flowers(tmp_path / "data" / "test", 4, seed=100)
    save_noise(tmp_path / "data" / "test" / "orchid" / "1.png", (9, 9, 9), 0)
    with pytest.warns(HeadstartWarning, match="The class 'orchid' can never be predicted: the part that is fitted has"):
        hs.fit(tmp_path / "data", head="ridge")


def test_a_setting_without_effect_is_warned_of(flowers):
    with pytest.warns(HeadstartWarning) as told:
        model = hs.fit(flowers, head="ridge", epochs=3, shots=1, test_fraction=0.5)
    idle = "No weight moves with the method 'probe', so this has no effect: epochs"
    assert any(idle in str(one.message) for one in told)
    assert {"data.idle", "data.idle_fraction"} <= {one.code for one in model.findings}


def test_a_recipe_file_without_sections_is_read_with_a_warning_at_the_line_that_reads_it(tmp_path):
    (tmp_path / "old.toml").write_text('head = "ridge"\n', encoding="utf-8")
    with pytest.warns(HeadstartWarning, match="has settings outside of sections") as warned:
        assert hs.Recipe.from_toml(tmp_path / "old.toml").head.name == "ridge"
    assert [one.filename for one in warned] == [__file__]


def test_an_evaluation_on_what_was_fitted_is_warned_of_and_a_loaded_model_has_its_findings(flowers, tmp_path):
    data = shutil.copytree(flowers, tmp_path / "data")
    (data / "rose" / "notes.txt").touch()
    with pytest.warns(HeadstartWarning, match="1 file without a picture's suffix"):
        fitted = hs.fit(data, head="ridge")
    fitted.save(tmp_path / "model")
    model = hs.load(tmp_path / "model")
    assert model.findings == fitted.findings
    assert "data.others_left_out" in [one.code for one in model.findings]
    with pytest.warns(HeadstartWarning, match="The model knows the pictures it was fitted to by their bytes") as warned:
        model.evaluate(flowers)
    assert [one.filename for one in warned] == [__file__]
