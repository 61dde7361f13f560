"""``fit`` in folds, from the pictures to the model card."""

import csv
import json
import shutil
from pathlib import Path

import pytest

import headstart as hs
from headstart.errors import RecipeError
from pictures import save_flowers


@pytest.mark.usefixtures("fake_network")
def test_every_picture_is_scored_and_the_model_is_fitted_to_all_of_them(flowers):
    model = hs.fit(flowers, head="ridge", folds=3, repeats=2, resamples=100, out="run")
    found = json.loads(Path("run/metrics.json").read_text(encoding="utf-8"))
    assert found["counts"]["fit"] == found["counts"]["score"] == found["evaluation"]["count"] == 36
    assert found["evaluation"]["cross_validated"]["folds"] == 3
    assert len(found["evaluation"]["cross_validated"]["accuracies"]) == 6
    assert found["evaluation"]["accuracy"]["method"] == "corrected t"
    assert found["split"].startswith("Cross-validated in 3 folds, 2 times, each time drawn anew: each picture was")
    assert sum(model.saved.fitted_labels["counts"]) == 36
    with Path("run/data.csv").open(encoding="utf-8") as file:
        assert {row["part"] for row in csv.DictReader(file)} == {"fit and score"}
    card = Path("run/model/README.md").read_text(encoding="utf-8")
    assert (
        "On 36 pictures, cross-validated in 3 folds, 2 times: each was scored by a model that had not seen it" in card
    )
    log = Path("run/log.txt").read_text(encoding="utf-8")
    assert "Parts: 36 pictures, all of them to fit and to score." in log
    assert "Scores of 36 pictures, cross-validated in 3 folds, 2 times" in log


@pytest.mark.usefixtures("fake_network")
def test_a_split_of_the_users_own_is_not_thrown_together():
    for part in ("train", "test"):
        save_flowers(Path("data", part), 4)
    with pytest.raises(RecipeError) as caught:
        hs.fit("data", folds=3)
    assert str(caught.value) == (
        "The setting folds = 3 does not go with data that has a split of its own. Its part to score is there to be "
        "scored, not to be learned from. Leave the setting out, or give the folder of the part to learn from."
    )


@pytest.mark.usefixtures("fake_network")
def test_with_folds_a_precision_that_cannot_be_promised_and_a_class_of_one_picture_are_said(flowers, tmp_path):
    data = Path(shutil.copytree(flowers, tmp_path / "data"))  # the flowers are shared by many tests
    spare = sorted(data.glob("*/*"))[0]
    (data / "single").mkdir()
    spare.rename(data / "single" / spare.name)
    with pytest.warns(hs.HeadstartWarning) as warned:
        hs.fit(data, head="ridge", folds=3, abstain=0.999, resamples=100, out="refused")
    assert [one.message.finding.code for one in warned] == ["data.lone", "reporting.refused"]
    log = Path("refused/log.txt").read_text(encoding="utf-8")
    assert "These classes have one picture only: 'single'. The model that scores it has not seen the class" in log
    assert "A precision of 0.999 cannot be promised, 0." in log
    found = json.loads(Path("refused/metrics.json").read_text(encoding="utf-8"))
    assert found["guard"] is None
    assert any(notice.startswith("A precision of 0.999 cannot be promised") for notice in found["notices"])
