"""Only what is named after a modality may know its words: everything else says "example"."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import headstart

PACKAGE = Path(headstart.__file__).parent
LEAF = re.compile(r"(^|[/_])(image|text|audio|vectors)([/_.]|$)")  # a module or folder that is named after a modality
SINGULAR = "image picture photo photograph pixel colour color pil pillow rgb jpeg audio waveform spectrogram sound"
WORDS = {form for word in SINGULAR.split() for form in (word, f"{word}s")}
PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# How many such names a module still has. A number may only become smaller, and a line may only go.
LEFT: dict[str, int] = {
    "__init__.py": 1,
    "cli/serve.py": 3,
    "data/demo_data.py": 22,
    "data/huggingface.py": 4,
    "encoders/networks.py": 1,
    "encoders/timm_folder.py": 8,
    "export/exporting.py": 1,
    "export/openvino.py": 13,
    "export/parity_check.py": 5,
    "probing/sklearn_api.py": 21,
    "reporting/contact_sheet.py": 19,
    "reporting/drawing.py": 30,
    "reporting/estimate.py": 3,
    "reporting/fonts.py": 6,
    "reporting/page/blocks.py": 2,
    "reporting/page/factors.py": 4,
    "reporting/page/gallery.py": 10,
    "reporting/page/pictures.py": 3,
    "reporting/page/problems.py": 3,
    "reporting/page/reading.py": 1,
    "reporting/page/rendering.py": 1,
    "reporting/page/scores.py": 2,
    "reporting/page/summary.py": 8,
    "reporting/page/training.py": 1,
    "reporting/page/transfer.py": 1,
    "reporting/page/values.py": 2,
    "reporting/plots/charts.py": 15,
    "reporting/plots/confusion.py": 11,
    "reporting/plots/reliability.py": 5,
    "reporting/plots/run.py": 5,
    "reporting/plots/style.py": 8,
    "reporting/plots/svg.py": 2,
    "reporting/render/base.py": 2,
    "reporting/sections/classification.py": 4,
    "serving/interactive_routes.py": 4,
    "serving/predictor.py": 11,
    "serving/schemas.py": 2,
    "serving/sessions.py": 22,
    "settings/serving.py": 4,
    "studies/check_report.py": 2,
    "studies/compare_report.py": 1,
    "studies/conditions.py": 3,
    "studies/cost_estimate.py": 2,
    "studies/effect_sizes.py": 2,
    "studies/format_timing.py": 10,
    "studies/rank_report.py": 3,
    "workflows/benchmark.py": 13,
    "workflows/interactive.py": 1,
    "workflows/model.py": 2,
}


def names_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name
            case ast.alias(name=name) | ast.ImportFrom(module=str(name)):
                yield from name.split(".")


def words_of(source: str) -> list[str]:
    return [name for name in names_in(ast.parse(source)) if any(part.lower() in WORDS for part in PARTS.findall(name))]


def found() -> dict[str, int]:
    modules = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
    counts = {
        name: len(words_of(path.read_text(encoding="utf-8")))
        for name, path in modules.items()
        if not name.startswith("modalities/") and not LEAF.search(name)
    }
    return {name: count for name, count in counts.items() if count}


def test_a_name_is_split_into_its_words():
    source = "from PIL import Image\nclass PictureReader:\n  def read_pixels(self, contexts, pilot): self.write_text()"
    assert sorted(words_of(source)) == ["Image", "PIL", "PictureReader", "read_pixels"]


def test_no_module_outside_the_leaves_learns_more_words_of_a_modality():
    assert {name: count for name, count in found().items() if count > LEFT.get(name, 0)} == {}


def test_a_module_that_is_clean_is_off_the_list():
    assert sorted(LEFT.keys() - found().keys()) == []
