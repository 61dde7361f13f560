"""What a search found, for people and as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from headstart.arrays import Integers
from headstart.data.example import Example
from headstart.data.parts import Part
from headstart.data.readers.base import read_text, text_of
from headstart.features.nearest import Nearest
from headstart.metrics.values import Score
from headstart.modalities.base import DEFAULT, modality_json
from headstart.reporting.page.search import SHOWN, SHOWN_QUERIES, query_preview
from headstart.reporting.tables import indented
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding, notices_json, sentences
from headstart.runtime.text import beginning

WIDE = 72  # letters of a text in a line for people


@dataclass(frozen=True, slots=True)
class Found:
    """An example that lies near a query, or a part of one.

    Attributes
    ----------
    rank, score
        Its place, from 1, and the cosine of its features with those of the query.
    name
        Its path, or ``#7`` for the eighth of a list or the rows of a table.
    label
        Its class, or None.
    text
        What it says, if it is a text in memory; "" for others.
    part
        Where it lies in the example, if it is a part of one.
    source
        What it is opened from.
    """

    rank: int
    score: float
    name: str
    label: str | None = None
    text: str = ""
    part: Part | None = None
    source: Any = field(default=None, repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Return plain data; what is not known is left out."""
        known = {"label": self.label, "text": self.text or None, "sentence": self.part and self.part.to_json()}
        plain = {"rank": self.rank, "score": round(self.score, 6), "path": self.name}
        return plain | {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What was found for a query, the nearest first; ``query`` is its path or its text."""

    query: str
    found: tuple[Found, ...]
    source: Any = field(default=None, repr=False, compare=False)
    text: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"query": self.query, "results": [one.to_json() for one in self.found]}


@dataclass(frozen=True, slots=True)
class Retrieval:
    """How good a search is on pairs: its scores by name, and the rank of each right answer, from 1 (0: not among all).

    ``depth`` is how many results were looked through.
    """

    scores: Mapping[str, Score]
    ranks: Integers
    depth: int

    def to_json(self) -> dict[str, Any]:
        """Return plain data; the rank is None where the answer is not among the results."""
        scores = {name: asdict(score) for name, score in self.scores.items()}
        return {
            "count": len(self.ranks),
            "depth": self.depth,
            **scores,
            "ranks": [n or None for n in self.ranks.tolist()],
        }


@dataclass(frozen=True, slots=True)
class SearchReport:
    """What a search found.

    Attributes
    ----------
    data, encoder
        What was searched, and who encoded it.
    count, computed
        How many examples, or parts of them, were searched, and how many different ones had to be encoded for that.
    results
        For each query.
    retrieval
        How good the search is, where it was measured.
    divided
        Whether parts of examples were searched.
    findings
        What the user should know.
    modality
        The kind of examples.
    """

    data: str
    encoder: str
    count: int
    computed: int
    results: tuple[QueryResult, ...]
    retrieval: Retrieval | None = None
    divided: bool = False
    findings: tuple[Finding, ...] = ()
    modality: str = DEFAULT

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        texts = texts.for_modality(self.modality)
        values = {"count": self.count, "data": self.data, "encoder": self.encoder, "computed": self.computed}
        lines = [texts.say("studies.searched_parts" if self.divided else "studies.searched", values)]
        for one in self.results:
            lines += ["", texts.say("studies.query", {"query": beginning(one.query, WIDE)}), *self._table(one, texts)]
        if self.retrieval is not None:
            values = {"count": len(self.retrieval.ranks), "depth": self.retrieval.depth}
            rows = [
                (texts.name("studies.retrieval_score", name), str(one)) for name, one in self.retrieval.scores.items()
            ]
            lines += ["", texts.say("studies.retrieval", values), *indented(rows)]
        return [*lines, *sentences(self.findings, texts)]

    def _table(self, result: QueryResult, texts: Texts) -> list[str]:
        labelled = any(one.label is not None for one in result.found)
        said = [beginning(one.text or read_text(one.source, self.modality), WIDE) for one in result.found]
        wanted = {"score": True, "label": labelled, "path": True, "sentence": self.divided, "text": any(said)}
        columns = [name for name, shown in wanted.items() if shown]
        rows = [["", *(texts.say(f"studies.search_column.{name}") for name in columns)]]
        for one, text in zip(result.found, said, strict=True):
            cells = {
                "score": f"{one.score:.3f}",
                "label": one.label or "",
                "path": one.name,
                "sentence": str(one.part.number) if one.part else "",
                "text": text,
            }
            rows.append([str(one.rank), *(cells[name] for name in columns)])
        return indented(rows, right=(0, 1))

    def shown_sources(self) -> dict[str, Any]:
        """Return what a page shows of the queries and of what was found, by the names it has there."""
        shown = [one for one in self.results[:SHOWN_QUERIES] if one.source is not None]
        asked = {query_preview(one.query): one.source for one in shown if not one.text}
        return asked | {near.name: near.source for one in shown for near in one.found[:SHOWN] if not near.text}

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "data": self.data,
            **modality_json(self.modality),
            "encoder": self.encoder,
            "count": self.count,
            "sentences": self.divided,
            "computed": self.computed,
            "queries": [one.to_json() for one in self.results],
            **({"retrieval": self.retrieval.to_json()} if self.retrieval else {}),
            **notices_json(self.findings),
        }


def list_results(  # six: what was asked, what was found, in what
    queries: Sequence[Example],
    nearest: Nearest,
    top: int,
    examples: Sequence[Example],
    parts: Sequence[Part],
    modality: str,
) -> tuple[QueryResult, ...]:
    """Return the first ``top`` results of each query; ``parts`` are those of the examples, or none."""
    results = []
    for number, one in enumerate(queries):
        pairs = zip(nearest.places[number, :top].tolist(), nearest.cosines[number, :top].tolist(), strict=True)
        found = []
        for rank, (place, cosine) in enumerate(pairs, 1):
            near, part = examples[place], parts[place] if parts else None
            said = text_of(near.source, modality)
            found.append(Found(rank, cosine, near.name, near.label, said, part, near.source))
        text = text_of(one.source, modality)
        results.append(QueryResult(text or one.name, tuple(found), one.source, text))
    return tuple(results)
