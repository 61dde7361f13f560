"""The public names: the list, their types and their docstrings."""

import ast
import inspect
import subprocess
import sys

import pytest

import headstart

PUBLIC = [
    "Dataset",
    "HeadstartError",
    "HeadstartWarning",
    "ImageEmbedder",
    "Model",
    "PartModel",
    "Recipe",
    "TransferClassifier",
    "__version__",
    "check",
    "compare",
    "distance",
    "embed",
    "fit",
    "load",
    "rank",
    "search",
]


def test_the_public_names_are_these():
    assert headstart.__all__ == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there_and_stays_the_same_object(name):
    assert getattr(headstart, name) is getattr(headstart, name)
    assert name in dir(headstart)


@pytest.mark.parametrize("name", [name for name in PUBLIC if name != "__version__"])
def test_every_public_name_has_a_docstring_with_an_example(name):
    text = inspect.getdoc(getattr(headstart, name)) or ""
    assert text.splitlines()[0].endswith((".", ":"))
    assert ">>> " in text


def test_a_misspelt_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'headstart' has no attribute 'fitt'"):
        _ = headstart.fitt


def test_every_name_can_be_imported_from_a_fresh_interpreter_at_once():
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            f"from headstart import {', '.join(PUBLIC)}; from headstart import *; print(__version__)",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.stderr, answer.returncode) == ("", 0)
    assert answer.stdout.strip() == headstart.__version__


def test_what_a_type_checker_sees_is_what_is_loaded():
    tree = ast.parse(inspect.getsource(headstart))
    guarded = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    seen = {alias.name: line.module for line in guarded.body for alias in line.names}
    assert seen == headstart._HOMES
    assert sorted([*seen, "__version__"]) == sorted(PUBLIC)
