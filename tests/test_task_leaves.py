"""What belongs to one task is reached by its row: no other module imports a leaf of classification."""

import ast
import re
from pathlib import Path

import pytest

import headstart

pytestmark = pytest.mark.no_cover  # it reads source, and runs none of it

SOURCE = Path(headstart.__file__).parent
ROW = (SOURCE / "tasks" / "classification.py").read_text(encoding="utf-8")
SHARED = {"export.parity_check"}  # a row names a function there, and other tasks another one
MODULES = {".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in SOURCE.rglob("*.py")}
NAMED = {name for name in MODULES if re.search(r"(^|\.)(class_\w+|classification)(\.|$)", name)}
LEAVES = (set(re.findall(r'"headstart\.([\w.]+):', ROW)) | NAMED) - SHARED
# Modules that are about classes as well, so that they may know the leaves, and why.
OF_CLASSES = {
    "audit.groups": "the accuracy of groups follows from the review of labels",
    "explain.explained_model": "the row says that answers can be explained: those are classes",
    "explain.image.explaining": "averages evidence by class: the row says that answers can be explained",
    "explain.values": "holds the prediction that is explained",
    "heads.logistic": "a head of classes: the row names it",
    "heads.temperature": "fits the decoding of classes",
    "probing.sklearn_api": "scikit-learn's classifiers",
    "probing.tokens": "a token has one class of several",
    "reporting.explanations.image_figure": "the row says that answers can be explained: those are classes",
    "reporting.explanations.report": "the row says that answers can be explained: those are classes",
    "reporting.explanations.image_averages": "draws those averages",
    "reporting.plots.reliability": "a drawing that the report of classes asks for",
    "reporting.policy_lines": "the policy of the row in words",
    "saving.timm_layout": "timm's layout is one of classifiers; any other decoding is refused",
    "serving.sessions": "what is taught are classes",
    "studies.check": "holds the review of labels, None without one",
    "studies.cleaning": "asked only where labels were reviewed",
    "studies.distance": "holds what a probe loses, None where the row has no such thing",
    "uncertainty.evaluate": "the policy of the row",
    "uncertainty.ood": "the policy of the row",
    "uncertainty.policy": "the policy of the row",
    "workflows.interactive": "what is taught are classes",
    "workflows.text_parts.entities": "a word has one class of several",
    "finetuning.text_tokens": "so has a token",
    "workflows.model": "a type checker is told what most models predict",
}


def names_of(tree: ast.AST) -> set[str]:
    """The modules that are imported, without the name of the package."""
    found = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name.removeprefix("headstart.") for name in found if name.startswith("headstart.")}


def importers() -> dict[str, set[str]]:
    """The leaves that each module outside them imports."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        leaves = names_of(ast.parse(path.read_text(encoding="utf-8"))) & LEAVES
        if leaves and name not in LEAVES:
            found[name] = leaves
    return found


def test_no_module_outside_imports_a_leaf_of_classification():
    assert {name: leaves for name, leaves in importers().items() if name not in OF_CLASSES} == {}


def test_a_module_that_imports_none_is_off_the_list():
    assert sorted(OF_CLASSES.keys() - importers().keys()) == []


@pytest.mark.parametrize(
    "line",
    ["from headstart.heads.probabilities import softmax", "def f():\n    from headstart.heads.probabilities import x"],
)
def test_an_import_is_seen_wherever_it_stands(line):
    assert names_of(ast.parse(line)) & LEAVES == {"heads.probabilities"}
