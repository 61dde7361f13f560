"""The frame of the repository: what is installed, under which licence, by which commands."""

import ast
import hashlib
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import headstart

pytestmark = pytest.mark.no_cover  # it reads source, and runs none of it

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = [line for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_constraints_are_versions_only_in_alphabetical_order():
    assert [line for line in PINS if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*", line)] == []
    names = [line.split("==")[0].casefold() for line in PINS]
    assert names == sorted(set(names))


def test_every_direct_dependency_is_pinned_inside_its_range():
    pinned = {re.sub("[-_.]+", "-", name).casefold(): number for name, number in (line.split("==") for line in PINS)}
    wanted = [
        *PROJECT["dependencies"],
        *(line for extra in PROJECT["optional-dependencies"].values() for line in extra),
    ]
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(pinned[requirement.name.casefold()]), requirement


def imports_of(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("folder", ["src", "tests"])
def test_whatever_is_imported_is_pinned(folder):
    # A module that stands only in somebody's environment would be missing on every other machine.
    files = sorted((ROOT / folder).rglob("*.py"))
    ours = {"headstart", *(name for file in files for name in (file.stem, file.parent.name))}
    foreign = {name for file in files if "node_modules" not in file.parts for name in imports_of(file)}
    pinned = {line.split("==")[0].casefold().replace("_", "-") for line in PINS}
    homes = packages_distributions()
    unpinned = {
        name
        for name in foreign - ours - sys.stdlib_module_names
        if pinned.isdisjoint(home.casefold().replace("_", "-") for home in homes.get(name, ()))
    }
    assert unpinned == set()


def test_a_first_model_needs_no_torch():
    core = {Requirement(line).name for line in PROJECT["dependencies"]}
    assert core.isdisjoint({"torch", "torchvision", "timm", "onnxscript"})


def test_torch_and_torchvision_come_together():
    train = {Requirement(line).name for line in PROJECT["optional-dependencies"]["train"]}
    assert {"torch", "torchvision"} <= train


def test_the_version_stands_in_one_place():
    assert version("headstart") == headstart.__version__
    assert f"## [{headstart.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_licence_is_the_unchanged_text_of_apache_2():
    digest = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()
    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench", "clean"])
def test_make_has_the_target_and_names_it_in_its_help(target):
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
    assert f'"make {target} ' in MAKEFILE


def test_the_hooks_before_a_commit_are_the_parts_of_make_check():
    parts = re.search(r"^check: (.*)$", MAKEFILE, re.MULTILINE)[1].split()
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"entry: (.*)", hooks) == [f"make {part}" for part in parts]
    assert re.findall(r"- repo: (.*)", hooks) == ["local"]
