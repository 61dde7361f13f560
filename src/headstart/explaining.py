"""Explaining what a model says: ``headstart explain``, as a row of named stages as in :mod:`headstart.pipeline`."""

from pathlib import Path
from typing import Any

from PIL import Image

from headstart.data.example import Example
from headstart.data.pictures import open_picture
from headstart.data.sources import list_pictures
from headstart.errors import PictureError
from headstart.model import Model, subject_of
from headstart.places import Place
from headstart.reporting.fonts import FontBook, font_folders
from headstart.reporting.run_files import output_folder
from headstart.reporting.runs import safe_name
from headstart.saliency.explaining import Wish, explain_picture
from headstart.saliency.report import Explained, ExplainReport
from headstart.saliency.sheet import Desk


def explain_files(
    model: Model,
    pictures: Any,  # noqa: ANN401 - as Model.predict
    wish: Wish,
    place: Place,
    *,
    out: Path | None = None,
) -> ExplainReport:
    """Explain pictures, and draw a sheet and an overlay of each into ``out``, or a new ``runs/explain-N``.

    Raises
    ------
    PictureError
        When none of the pictures can be read.
    OutputError
        When the folder is not free.
    """
    examples = list_pictures(pictures)
    subject = subject_of(model)
    failures: dict[str, str] = {}
    files: list[Explained] = []
    with output_folder(out, "explain") as folder:
        desk = Desk(folder, (Path(), place.folder), FontBook(font_folders()))
        for number, example in enumerate(examples):
            picture = _open(example, failures)
            if picture is not None:
                explanation = explain_picture(subject, picture, example.name, wish)
                files.append(desk.draw(explanation, picture, f"{number + 1:03}-{safe_name(Path(example.name).stem)}"))
            place.progress("explaining", number + 1, len(examples))
        if not files:
            first = f"'{examples[0].name}': {failures[examples[0].name]}"
            raise PictureError("None of the pictures can be read.", first, "Check the files.")
    return ExplainReport(folder, tuple(files), failures, tuple(desk.notices))


def read_wish(method: str, target: str | None, neighbours: int) -> Wish:
    """Read what is wanted from a command line; raises RecipeError for what does not exist."""
    return Wish(method=method, target=target, neighbours=neighbours)


def _open(example: Example, failures: dict[str, str]) -> Image.Image | None:
    try:
        return open_picture(example.source, example.name)
    except PictureError as error:
        failures[example.name] = error.reason
        return None
