"""The listing of src/headstart is the pipeline: imports point upwards in it, and only upwards."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_cover  # it reads source, and runs none of it

STAGES = (
    "runtime",
    "modalities",
    "settings",
    "tasks",
    "data",
    "encoders",
    "features",
    "heads",
    "probing",
    "finetuning",
    "metrics",
    "audit",  # it asks a probe for held-out predictions, and says how good they are with intervals
    "uncertainty",
    "explain",
    "saving",
    "export",
    "reporting",
    "serving",
    "studies",
)
PURE = {"metrics": {"metrics", "arrays", "errors"}}  # a stage of pure functions, and all it may import
FREE = {"arrays", "errors", "registry", "version"}  # anyone may import these
ORDER = (*STAGES, "workflows", "api", "cli")  # what stands above the stages, each above the one before
CLI_MAY = {"cli", "workflows", "settings", "runtime"} | FREE
WORKSHOP = {"torch", "torchvision", "timm"}
WORKSHOP_STAGES = {"encoders", "finetuning", "explain"}
PICKLES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}


@dataclass(frozen=True)
class Import:
    """One imported name: ``from module import name``, or ``import module`` when the name is None."""

    module: str
    name: str | None
    level: int = 0


def imports_of(tree: ast.AST) -> Iterator[Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (Import(node.module or "", alias.name, node.level) for alias in node.names)


def target_of(found: Import, modules: set[str]) -> str:
    """The module an import reaches: ``from package import module`` reaches the module."""
    longer = f"{found.module}.{found.name}"
    return longer if longer in modules else found.module


def part_of(module: str) -> str:
    """The stage or root module something belongs to: headstart.data.example -> data; headstart -> ""."""
    return module.split(".")[1] if "." in module else ""


def defined_names(tree: ast.Module) -> set[str]:
    """Names a module makes itself, at its top level; a name it merely imports is not among them."""
    names: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(statement.name)
        elif not isinstance(statement, ast.Import | ast.ImportFrom):
            names |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return names


def arrow_fault(source: str, target: str) -> str | None:
    """Say why the part ``source`` may not import the part ``target``, or None when it may."""
    if source == target or source in ("", "__main__"):
        return None  # a stage inside itself; the door with the public names; python -m headstart
    if target == "":
        return "imports from the package root"
    if target not in {*ORDER, *FREE}:
        return f"imports {target}, which has no place in the order"
    if source in PURE and target not in PURE[source]:
        return f"{source} imports {target}, and its functions are pure"
    if source == "cli":
        return None if target in CLI_MAY else f"the command line imports {target}"
    if target in FREE:
        return None
    if source in FREE:  # an error finds its sentences in the catalogue
        return None if target == STAGES[0] else f"a root module imports {target}"
    return order_fault(source, target)


def order_fault(source: str, target: str) -> str | None:
    """Say why a stage or a line may not import another."""
    if source not in ORDER:
        return "has no place in the order"
    if ORDER.index(target) < ORDER.index(source):
        return None
    above = f"imports {target}, which stands above the stages"
    return f"{source} imports {target}, a later stage" if target in STAGES else above


def import_faults(module: str, found: Import, trees: dict[str, ast.Module]) -> Iterator[str]:
    outer = found.module.split(".")[0]
    if found.level:
        yield "has a relative import"
    elif outer in PICKLES and found.name != "UnpicklingError":  # the error may be caught, the rest may not be used
        yield f"imports {outer}"
    elif outer in WORKSHOP and part_of(module) not in WORKSHOP_STAGES:
        yield f"imports {outer} outside {', '.join(sorted(WORKSHOP_STAGES))}"
    elif outer == "headstart":
        target = target_of(found, set(trees))
        fault = arrow_fault(part_of(module), part_of(target))
        if fault:
            yield fault
        elif target not in trees:
            yield f"imports {target}, which does not exist"
        elif target == found.module and found.name and found.name not in defined_names(trees[target]):
            yield f"imports {found.name} from {target}, which does not define it"


def call_faults(tree: ast.AST) -> Iterator[str]:
    """Calls that would unpickle a file."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        settings = {keyword.arg: getattr(keyword.value, "value", None) for keyword in node.keywords}
        if settings.get("allow_pickle"):
            yield "allows pickle"
        if ast.unparse(node.func) == "torch.load" and settings.get("weights_only") is not True:
            yield "calls torch.load without weights_only=True"


def cycles(edges: dict[str, set[str]]) -> list[str]:
    """Cycles among modules, each written once as ``a -> b -> a``."""
    found: list[str] = []
    finished: set[str] = set()

    def walk(module: str, path: list[str]) -> None:
        if module in path:
            found.append(" -> ".join([*path[path.index(module) :], module]))
        elif module not in finished:
            for target in sorted(edges.get(module, ())):
                walk(target, [*path, module])
            finished.add(module)

    for module in sorted(edges):
        walk(module, [])
    return found


def violations(sources: dict[str, str]) -> list[str]:
    """Everything in these modules (name -> source) that breaks the rules of the house."""
    trees = {module: ast.parse(source) for module, source in sources.items()}
    faults = []
    edges: dict[str, set[str]] = {}
    for module, tree in trees.items():
        every = list(imports_of(tree))
        faults += [f"{module}: {fault}" for found in every for fault in import_faults(module, found, trees)]
        faults += [f"{module}: {fault}" for fault in call_faults(tree)]
        reached = {target_of(found, set(trees)) for found in every if found.module.split(".")[0] == "headstart"}
        edges[module] = reached - {module}
    return faults + [f"cycle: {cycle}" for cycle in cycles(edges)]


def sources_of(package: Path) -> dict[str, str]:
    found = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file.read_text(encoding="utf-8")
    return found


def test_every_import_of_the_package_keeps_the_order_of_the_stages():
    sources = sources_of(Path(__file__).parent.parent / "src" / "headstart")
    assert "headstart.data.example" in sources
    faults = violations(sources)
    assert not faults, "\n".join(faults)


CLEAN = {
    "headstart": "from headstart.data.example import Dataset",
    "headstart.__main__": "from headstart.cli.app import app",
    "headstart.errors": "class HeadstartError(Exception): pass",
    "headstart.settings.rules": "def choose(): pass",
    "headstart.data": "",
    "headstart.data.example": "from headstart.errors import HeadstartError\nclass Dataset: pass",
    "headstart.encoders": "",
    "headstart.encoders.engine": "import torch\nfrom headstart.data.example import Dataset",
    "headstart.heads": "",
    "headstart.heads.ridge": "from headstart.settings.rules import choose\nimport numpy",
    "headstart.metrics": "",
    "headstart.metrics.classification.scores": "from headstart.errors import HeadstartError",
    "headstart.workflows.model": "import headstart.metrics.classification.scores",
    "headstart.workflows.fit": "import headstart.metrics.classification.scores\nfrom headstart.encoders import engine",
    "headstart.cli": "",
    "headstart.cli.app": "from headstart.workflows import fit\nfrom headstart.errors import HeadstartError\napp = 1",
}


def test_a_tidy_tree_has_no_violation():
    assert violations(CLEAN) == []


@pytest.mark.parametrize(
    ("module", "line", "fault"),
    [
        (
            "headstart.data.late",
            "from headstart.heads.ridge import choose",
            "headstart.data.late: data imports heads, a later stage",
        ),
        (
            "headstart.data.late",
            "def f():\n    import headstart.metrics.classification.scores",
            "headstart.data.late: data imports metrics, a later stage",
        ),
        (
            "headstart.heads.up",
            "import headstart.workflows.fit",
            "headstart.heads.up: imports workflows, which stands above the stages",
        ),
        (
            "headstart.workflows.model",
            "import headstart.api",
            "headstart.workflows.model: imports api, which stands above the stages",
        ),
        (
            "headstart.heads.up",
            "from headstart.cli.app import app",
            "headstart.heads.up: imports cli, which stands above the stages",
        ),
        (
            "headstart.runtime.context",
            "from headstart.data.example import Dataset",
            "headstart.runtime.context: runtime imports data, a later stage",
        ),
        (
            "headstart.metrics.late",
            "from headstart.heads.ridge import choose",
            "headstart.metrics.late: metrics imports heads, and its functions are pure",
        ),
        (
            "headstart.metrics.late",
            "from headstart.heads.ridge import choose",
            "headstart.metrics.late: metrics imports heads, and its functions are pure",
        ),
        ("headstart.cli.fit", "import headstart.heads.ridge", "headstart.cli.fit: the command line imports heads"),
        ("headstart.heads.near", "from .ridge import choose", "headstart.heads.near: has a relative import"),
        ("headstart.heads.near", "from . import ridge", "headstart.heads.near: has a relative import"),
        (
            "headstart.heads.root",
            "from headstart import Dataset",
            "headstart.heads.root: imports from the package root",
        ),
        ("headstart.heads.root", "import headstart", "headstart.heads.root: imports from the package root"),
        (
            "headstart.heads.second",
            "from headstart.encoders.engine import Dataset",
            "headstart.heads.second: imports Dataset from headstart.encoders.engine, which does not define it",
        ),
        (
            "headstart.heads.gone",
            "import headstart.data.gone",
            "headstart.heads.gone: imports headstart.data.gone, which does not exist",
        ),
        (
            "headstart.extra",
            "from headstart.data.example import Dataset",
            "headstart.extra: has no place in the order",
        ),
        (
            "headstart.heads.deep",
            "def f():\n    import torch.nn",
            "headstart.heads.deep: imports torch outside encoders, explain, finetuning",
        ),
        (
            "headstart.workflows.fit",
            "from timm import create_model",
            "headstart.workflows.fit: imports timm outside encoders, explain, finetuning",
        ),
        ("headstart.data.jar", "import pickle", "headstart.data.jar: imports pickle"),
        ("headstart.data.jar", "from pickle import loads", "headstart.data.jar: imports pickle"),
        ("headstart.data.jar", "from joblib import load", "headstart.data.jar: imports joblib"),
        ("headstart.data.jar", "numpy.load(path, allow_pickle=True)", "headstart.data.jar: allows pickle"),
        (
            "headstart.encoders.file",
            "import torch\ntorch.load(path)",
            "headstart.encoders.file: calls torch.load without weights_only=True",
        ),
    ],
)
def test_a_planted_violation_is_found(module, line, fault):
    assert violations({**CLEAN, module: line}) == [fault]


def test_a_cycle_inside_a_stage_is_found():
    planted = {
        "headstart.heads.a": "import headstart.heads.b",
        "headstart.heads.b": "def f():\n    import headstart.heads.c",
        "headstart.heads.c": "from headstart.heads import a",
    }
    assert violations({**CLEAN, **planted}) == [
        "cycle: headstart.heads.a -> headstart.heads.b -> headstart.heads.c -> headstart.heads.a"
    ]
