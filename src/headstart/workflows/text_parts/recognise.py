"""Which files, and which models, are of a task whose answers are parts of a text; for all others nothing is loaded."""

from pathlib import Path

from headstart.registry import TABLES, resolve
from headstart.saving.manifest import find_model, read_manifest


def find_parts(data: object) -> str | None:
    """Return the name of the task whose answers are parts of a text that a file is made for; None for other data."""
    if not isinstance(data, str | Path) or not Path(data).expanduser().is_file():
        return None
    from headstart.data.readers.text_annotations import SUFFIXES

    path = Path(data).expanduser()
    if path.suffix.lower() not in SUFFIXES:
        return None
    return next((name for name in TABLES["part_tasks"] if resolve("part_tasks", name).parts.recognises(path)), None)


def has_parts(folder: str | Path) -> bool:
    """Determine whether a saved model answers with parts of a text; raises ModelFileError."""
    return read_manifest(find_model(Path(folder).expanduser()))["task"] in TABLES["part_tasks"]
