"""The pictures of a page: which ones, made small, kept beside the page.

Small copies lie in the folder ``gallery/`` of a run, so that the page can be made again when the pictures themselves
are somewhere else. Their number and their size are bounded: a page is to stay below about three megabytes.
"""

import base64
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from headstart.errors import ExampleError
from headstart.reporting.page.values import Answer
from headstart.reporting.render.base import render_of
from headstart.runtime.files import write_errors
from headstart.runtime.hashing import sha256_of_parts

FOLDER = "gallery"
SHOWN = 12  # mistakes, and as many hits
SIDE = 220  # pixels of the longer side: sharp at 110 points on a good screen
_QUALITY = 78
_LARGEST = 60_000  # bytes of a copy that is taken into a page: at most 64 of them are below four megabytes


def worst(answers: Sequence[Answer], most: int = SHOWN) -> list[Answer]:
    """Choose the most confident mistakes, the most confident first.

    Examples
    --------
    >>> sure, unsure = Answer("a", "cat", "dog", 0.9), Answer("b", "cat", "dog", 0.6)
    >>> [answer.name for answer in worst([unsure, sure, Answer("c", "cat", "cat", 1.0)])]
    ['a', 'b']
    """
    wrong = [answer for answer in answers if answer.label and not answer.correct]
    return sorted(wrong, key=lambda answer: (-answer.probability, answer.name))[:most]


def surest(answers: Sequence[Answer], most: int = SHOWN) -> list[Answer]:
    """Choose the most confident hits: the surest one of every class first, then the second of every class.

    Examples
    --------
    >>> answers = [Answer("a", "cat", "cat", 0.9), Answer("b", "cat", "cat", 0.8), Answer("c", "dog", "dog", 0.7)]
    >>> [answer.name for answer in surest(answers, 2)]
    ['a', 'c']
    """
    ranks: dict[str, int] = {}
    order = []
    for answer in sorted(answers, key=lambda answer: (-answer.probability, answer.name)):
        if answer.correct:
            rank = ranks[answer.label] = ranks.get(answer.label, -1) + 1
            order.append((rank, -answer.probability, answer))
    order.sort(key=lambda one: one[:2])
    return [answer for _, _, answer in order[:most]]


def write_gallery(folder: Path, names: Iterable[str], sources: Mapping[str, Any], modality: str) -> None:
    """Write small copies of pictures; one that cannot be read is left out, and the page says so.

    Parameters
    ----------
    folder
        Of the run.
    names
        Of the examples to show.
    sources
        What each is read from, by its name, as in :class:`Example`.
    modality
        Of the examples.

    Raises
    ------
    OutputError
        When they cannot be written.
    """
    draw = render_of(modality).draw
    with write_errors("runtime.cannot_write.previews", path=folder / FOLDER):
        (folder / FOLDER).mkdir(exist_ok=True)
        for name in dict.fromkeys(names):
            if name in sources:
                _write_copy(folder / FOLDER / file_name(name), partial(draw, sources[name], name, SIDE))


def read_gallery(folder: Path) -> dict[str, str]:
    """Read the small pictures of a folder as data URIs, by file name (see :func:`file_name`)."""
    found = {}
    for path in sorted((folder / FOLDER).glob("*.jpg")):
        if path.stat().st_size <= _LARGEST:
            found[path.name] = "data:image/jpeg;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
    return found


def file_name(name: str) -> str:
    """Give the file of a small picture: any name of an example becomes a good one.

    Examples
    --------
    >>> file_name("rose/1.jpg")
    '6f9a6ce5b6338dfe22c7.jpg'
    """
    return f"{sha256_of_parts([name.encode('utf-8', 'backslashreplace')])[:20]}.jpg"


def _write_copy(path: Path, draw: Callable[[], Image.Image]) -> None:
    try:
        picture = draw()
    except ExampleError:
        return
    picture = picture.copy()  # it may be the user's own
    picture.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC)
    content = io.BytesIO()
    picture.save(content, format="JPEG", quality=_QUALITY)
    path.write_bytes(content.getvalue())
