"""Names become objects; a typo gets the nearest name; other packages add names."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart import registry
from headstart.errors import RecipeError, UnknownNameError
from headstart.registry import TABLES, names, nearest, resolve
from headstart.settings.recipe import Recipe


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another package that declares two heads, of which one does not exist."""

    def entry_points(group: str) -> list[EntryPoint]:
        svm, gone = EntryPoint("svm", "collections:OrderedDict", group), EntryPoint("gone", "collections:Gone", group)
        return [svm, gone] if group == "headstart.heads" else []

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    registry._entry_points.cache_clear()
    yield
    registry._entry_points.cache_clear()


@pytest.mark.parametrize(("table", "name"), [(table, name) for table in TABLES for name in TABLES[table]])
def test_every_name_stands_for_something_that_exists(table, name):
    assert resolve(table, name).name == name


def test_a_recipe_takes_the_heads_of_other_packages_and_names_them_among_its_choices(plug_in):
    assert Recipe(head="svm").head.name == "svm"
    with pytest.raises(RecipeError) as caught:
        Recipe(head="svmm")
    assert str(caught.value) == (
        "The setting head = 'svmm' is not known. It can be auto, logistic, ridge, lda, knn, centroid, mlp, words, "
        "words_logistic, stacked, gone or svm. Did you mean 'svm'?"
    )


def test_an_unknown_name_lists_those_there_are_and_names_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        resolve("heads", "rigde")
    assert str(caught.value) == (
        "There is no 'rigde' among the heads. Known are: logistic, ridge, lda, knn, centroid, mlp, words, "
        "words_logistic, stacked. "
        "Did you mean 'ridge'?"
    )
    with pytest.raises(UnknownNameError, match=r"stacked\.$"):
        resolve("heads", "forest")


def test_other_packages_add_names_behind_the_built_in_ones(plug_in):
    from collections import OrderedDict

    assert resolve("heads", "svm") is OrderedDict
    assert [*names("heads")] == [*TABLES["heads"], "gone", "svm"]


def test_a_name_that_another_package_promises_in_vain_says_whose_fault_it_is(plug_in):
    with pytest.raises(UnknownNameError) as caught:
        resolve("heads", "gone")
    assert str(caught.value) == (
        "'gone' among the heads cannot be loaded. Another package says that it is 'collections:Gone': module "
        "'collections' has no attribute 'Gone'. Update that package, or uninstall it."
    )


def test_other_packages_are_not_looked_for_while_a_built_in_name_will_do(monkeypatch):
    monkeypatch.setattr("headstart.registry._entry_points", pytest.fail)
    assert "mlp" in names("heads")
    assert resolve("encoders", "mobilenetv2").licence == "MIT"


@given(st.text(), st.lists(st.text()))
def test_the_nearest_name_is_one_of_the_known_or_none(name, known):
    assert nearest(name, known) in [*known, None]


@given(st.text(min_size=1).filter(str.isascii), st.lists(st.text()))
def test_case_does_not_matter_for_the_nearest_name(name, known):
    assert nearest(name.swapcase(), [name]) == name
