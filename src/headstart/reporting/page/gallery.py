"""The examples that a page shows, the worst mistakes and the surest hits: made small, and kept beside the page.

Small copies lie in the folder ``gallery/`` of a run, so that the page can be made again when the examples themselves
are somewhere else. Their number and their size are bounded: a page is to stay below about three megabytes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from headstart.errors import ExampleError
from headstart.reporting.page.blocks import Block, Gallery, Paragraph, Section, Shown
from headstart.reporting.page.numbers import count_text, percent
from headstart.reporting.page.values import Answer, PageData, RunData
from headstart.reporting.render.base import data_uri, render_of, thumbnail
from headstart.runtime.catalogue import Texts
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


def most_confident(answers: Sequence[Answer], most: int = SHOWN) -> list[Answer]:
    """Choose the most confident hits: the surest one of every class first, then the second of every class.

    Examples
    --------
    >>> answers = [Answer("a", "cat", "cat", 0.9), Answer("b", "cat", "cat", 0.8), Answer("c", "dog", "dog", 0.7)]
    >>> [answer.name for answer in most_confident(answers, 2)]
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
    """Write small copies of examples; one that cannot be read is left out, and the page says so.

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
    render = render_of(modality)
    excerpt = getattr(render, "excerpt", None)
    with write_errors("runtime.cannot_write.previews", path=folder / FOLDER):
        (folder / FOLDER).mkdir(exist_ok=True)
        for name in dict.fromkeys(names):
            if name in sources:
                if excerpt is None:
                    _write_copy(folder / FOLDER / file_name(name), partial(render.draw, sources[name], name, SIDE))
                else:
                    _write_excerpt(folder / FOLDER / file_name(name, "txt"), partial(excerpt, sources[name], name))


def read_gallery(folder: Path) -> dict[str, str]:
    """Read the small examples of a folder, drawn ones as data URIs, by file name (see :func:`file_name`)."""
    found = {}
    for path in sorted((folder / FOLDER).glob("*.txt")):
        if path.stat().st_size <= _LARGEST:
            found[path.name] = path.read_text(encoding="utf-8", errors="replace")
    for path in sorted((folder / FOLDER).glob("*.jpg")):
        if path.stat().st_size <= _LARGEST:
            found[path.name] = data_uri(path.read_bytes())
    return found


def file_name(name: str, kind: str = "jpg") -> str:
    """Return the file of a small example: any name of an example becomes a good one.

    Examples
    --------
    >>> file_name("rose/1.jpg")
    '6f9a6ce5b6338dfe22c7.jpg'
    """
    return f"{sha256_of_parts([name.encode('utf-8', 'backslashreplace')])[:20]}.{kind}"


def shown(page: PageData, name: str, lines: Sequence[str], *, wrong: bool = False) -> Shown:
    """Return an example of the page: drawn, or a text as its beginning."""
    text = page.previews.get(file_name(name, "txt"), "")
    return Shown(page.previews.get(file_name(name), ""), tuple(lines), name, wrong, text)


def _write_copy(path: Path, draw: Callable[[], Any]) -> None:
    try:
        drawn = draw()
    except ExampleError:
        return
    path.write_bytes(thumbnail(drawn, SIDE, _QUALITY))


def _write_excerpt(path: Path, excerpt: Callable[[], str]) -> None:
    try:
        path.write_text(excerpt(), encoding="utf-8")
    except ExampleError:
        return


def gallery_section(page: PageData, run: RunData, texts: Texts) -> Section:
    """Show where the model was sure and wrong, and where it was sure and right."""
    mistakes, hits = worst(run.answers), most_confident(run.answers)
    count = sum(bool(answer.label) and not answer.correct for answer in run.answers)
    blocks: list[Block] = []
    if mistakes:
        note = texts.say("page.gallery.mistakes_note", {"shown": len(mistakes), "count": count_text(count)})
        blocks.append(
            Gallery(texts.say("page.gallery.mistakes"), note, tuple(_shown(page, one, texts) for one in mistakes))
        )
    else:
        blocks.append(Paragraph(texts.say("page.gallery.no_mistakes"), "good"))
    if hits:
        blocks.append(
            Gallery(
                texts.say("page.gallery.hits"),
                texts.say("page.gallery.hits_note"),
                tuple(_shown(page, one, texts) for one in hits),
            )
        )
    shown_ones = [shown(page, answer.name, ()) for answer in (*mistakes, *hits)]
    if not any(one.uri or one.text for one in shown_ones):
        blocks.insert(0, Paragraph(texts.say("page.gallery.gone"), "quiet"))
    return Section("pictures", texts.say("page.section.pictures"), tuple(blocks))


def _shown(page: PageData, answer: Answer, texts: Texts) -> Shown:
    if answer.correct:
        values = {"label": answer.label, "probability": percent(answer.probability)}
        return shown(page, answer.name, (texts.say("page.gallery.right", values),))
    is_, said = (
        texts.say("page.gallery.is", {"label": answer.label}),
        texts.say("page.gallery.said", {"label": answer.predicted, "probability": percent(answer.probability)}),
    )
    return shown(page, answer.name, (is_, said), wrong=True)
