"""Why a model says what it says about a document, made ready for the page: its words with their evidence."""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import Any

from headstart.explain.base import ExplanationRequest
from headstart.explain.explained_model import ExplainedModel
from headstart.explain.neighbours import Neighbour, find_example
from headstart.explain.text.explaining import TextExplanation, explain_example
from headstart.explain.text.parts import MOST_READ
from headstart.heads.words import WordsHead
from headstart.runtime.text import beginning
from headstart.serving.http_errors import refused

LONGEST = 2_000  # characters: beyond it leaving out part after part keeps a visitor waiting
READ = 20_000  # characters that a network reads to explain one document: some five seconds for a slow one
NEIGHBOURS = 6
SHOWN = 300  # characters of a neighbour


def explain_for_page(subject: ExplainedModel, document: str, places: Sequence[Path]) -> dict[str, Any]:
    """Explain the answer about a document: plain data with parts, target, method, exact and neighbours.

    ``parts`` are the whole document, piece by piece: ``text`` with its ``weight``, which is None for what stands
    between words. A neighbour has its text only if it still lies in one of the ``places``, unchanged.

    Raises
    ------
    Refusal
        413 for a document that would keep the visitor waiting.
    """
    quick = isinstance(subject.head, WordsHead)  # nothing has to be left out to know what a word weighs
    if len(document) > LONGEST and not quick:
        raise refused(413, "serving.too_long_to_explain", count=len(document), limit=LONGEST)
    found = explain_example(
        subject, document, "", ExplanationRequest(neighbours=NEIGHBOURS), MOST_READ if quick else READ
    )
    return {
        "parts": [{"text": text, "weight": weight} for text, weight in divide(found)],
        "target": found.target,
        "method": found.method,
        "exact": found.found.exact,
        "neighbours": [_shown(one, places) for one in found.neighbours],
    }


def divide(explanation: TextExplanation) -> Iterator[tuple[str, float | None]]:
    """Divide a document into its parts with their evidence, and what stands between them with none."""
    end = 0
    for (start, stop), weight in zip(explanation.parts, explanation.found.grid.tolist(), strict=True):
        if start > end:
            yield explanation.document[end:start], None
        yield explanation.document[start:stop], weight
        end = stop
    if explanation.document[end:]:
        yield explanation.document[end:], None


def _shown(neighbour: Neighbour, places: Sequence[Path]) -> dict[str, Any]:
    text = find_example(neighbour, places, "text")
    return {
        "name": PurePath(neighbour.name.replace("\\", "/")).name,
        "label": neighbour.label,
        "distance": neighbour.distance,
        "text": None if text is None else beginning(text, SHOWN),
    }
