"""Names become objects; a typo gets the nearest name; other packages add names."""

from importlib.metadata import EntryPoint
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.errors import UnknownNameError
from headstart.registry import TABLES, names, nearest, resolve
from headstart.settings.fields import HeadName


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package that declares a head."""

    def entry_points(group: str) -> list[EntryPoint]:
        return [EntryPoint("svm", "collections:OrderedDict", group)] if group == "headstart.heads" else []

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)


@pytest.mark.parametrize(("table", "name"), [(table, name) for table in TABLES for name in TABLES[table]])
def test_every_name_stands_for_something_that_exists(table, name):
    assert getattr(resolve(table, name), "section" if table == "sections" else "name") == name


def test_every_head_of_the_recipe_is_in_the_table():
    assert ["auto", *TABLES["heads"]] == list(get_args(HeadName))


def test_an_unknown_name_lists_those_there_are_and_names_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        resolve("heads", "rigde")
    assert str(caught.value) == (
        "There is no 'rigde' among the heads. Known are: logistic, ridge, lda, knn, centroid, mlp. "
        "Did you mean 'ridge'?"
    )
    with pytest.raises(UnknownNameError, match=r"mlp\.$"):
        resolve("heads", "forest")


def test_other_packages_add_names_behind_the_built_in_ones(plug_in):
    from collections import OrderedDict

    assert resolve("heads", "svm") is OrderedDict
    assert list(names("heads")) == [*TABLES["heads"], "svm"]


@given(st.text(), st.lists(st.text()))
def test_the_nearest_name_is_one_of_the_known_or_none(name, known):
    assert nearest(name, known) in [*known, None]


@given(st.text(min_size=1).filter(str.isascii), st.lists(st.text()))
def test_case_does_not_matter_for_the_nearest_name(name, known):
    assert nearest(name.swapcase(), [name]) == name
