"""Two models that several tests ask: of short reviews, and of rows with thirteen numbers and a word."""

import csv

import pytest
from sklearn.datasets import load_wine

import headstart as hs

GOOD, BAD = "fine warm funny bright moving", "dull cold empty slow tired"


@pytest.fixture(scope="package")
def reviews(tmp_path_factory) -> hs.Model:
    """A model of words; one of its classes tries to be HTML."""
    folder = tmp_path_factory.mktemp("texts")
    with (folder / "reviews.csv").open("w", newline="") as file:
        pairs = (
            (f"{words} film {number}", kind)
            for number in range(25)
            for words, kind in ((GOOD, "good"), (BAD, "<b>bad</b>"))
        )
        csv.writer(file).writerows([("review", "label"), *pairs])
    return hs.fit(folder / "reviews.csv", encoder="words", head="words", cache=folder / "cache")


@pytest.fixture(scope="package")
def wine(tmp_path_factory) -> hs.Model:
    """A model of rows."""
    folder, data = tmp_path_factory.mktemp("wine"), load_wine()
    with (folder / "wine.csv").open("w", newline="") as file:
        rows = (
            (*row, ("red", "white")[number % 2], f"cultivar {kind}")
            for number, (row, kind) in enumerate(zip(data.data, data.target, strict=True))
        )
        csv.writer(file).writerows([(*data.feature_names, "colour <b>", "label"), *rows])
    return hs.fit(folder / "wine.csv", head="ridge", cache=folder / "cache")
