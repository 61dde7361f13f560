"""Named entities: each word of a text gets a tag."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from headstart.arrays import Integers, Singles
from headstart.data.readers.text_annotations import TaggedText, holds_tags, read_tagged, split_words
from headstart.encoders.preprocess.text_tokens import TextPreprocessing
from headstart.heads.probabilities import softmax
from headstart.metrics.entities import EntityEvaluation, evaluate_entities, find_entities, tag_words
from headstart.workflows.text_parts.base import Mistake
from headstart.workflows.text_parts.windows import Windows, make_windows

IGNORED = -100  # a token whose label does not count: all but the first of each word


@dataclass(frozen=True, slots=True)
class FoundEntity:
    """A part of a text, from character ``start`` up to ``end``; the probability is that of its least sure word."""

    text: str
    start: int
    end: int
    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class EntityPrediction:
    """The entities of one text."""

    path: str
    text: str
    entities: tuple[FoundEntity, ...]
    tags: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"path": self.path, "text": self.text, "entities": [asdict(one) for one in self.entities]}

    columns: ClassVar[tuple[str, ...]] = ("path", "text", "start", "end", "label", "probability")

    def rows(self) -> list[list[Any]]:
        """Return a row of cells for each entity."""
        return [[self.path, one.text, one.start, one.end, one.label, one.probability] for one in self.entities]

    def line(self) -> str:
        """Return one line for people."""
        found = [f"{one.text} [{one.label} {one.probability:.2f}, {one.start}-{one.end}]" for one in self.entities]
        return f"{self.path}: {'; '.join(found) or '-'}"


class Entities:
    """See :class:`headstart.workflows.text_parts.base.PartTask`."""

    name: ClassVar[str] = "entities"
    ends: ClassVar[bool] = False
    method: ClassVar[str] = "probe"
    first: ClassVar[str] = "f1"

    recognises = staticmethod(holds_tags)

    def read(self, path: Path) -> list[TaggedText]:
        """Read texts with tags."""
        return read_tagged(path)

    def of_text(self, name: str, text: str, question: str = "") -> TaggedText:
        """Find the words of a text to answer for."""
        return split_words(name, text)

    def labels(self, examples: Sequence[TaggedText]) -> tuple[str, ...]:
        """List the tags in BIO that texts need."""
        kinds = sorted({one.kind for example in examples for one in find_entities(example.tags)})
        return ("O", *(f"{place}-{kind}" for kind in kinds for place in "BI"))

    def encode(self, example: TaggedText, preprocessing: TextPreprocessing) -> Windows:
        """Cut a text into windows."""
        return make_windows(preprocessing, example.text)

    def targets(self, example: TaggedText, windows: Windows, labels: Sequence[str]) -> list[Integers]:
        """Return the labels of the tokens of each window (T,)."""
        tags = tag_words(find_entities(example.tags), len(example.words))
        known, whole = {label: number for number, label in enumerate(labels)}, np.full(len(windows.places), IGNORED)
        for token, tag in zip(_first_tokens(example, windows), tags, strict=True):
            if token >= 0:
                whole[token] = known.get(tag, IGNORED)
        found = []
        for ids, (start, end) in zip(windows.ids, windows.cuts, strict=True):
            own = np.full(len(ids), IGNORED)
            own[windows.first : windows.first + end - start] = whole[start:end]
            found.append(own)
        return found

    def decode(
        self, example: TaggedText, windows: Windows, rows: Sequence[Singles], labels: Sequence[str], *, empty: bool
    ) -> EntityPrediction:
        """Turn scores of tokens (T, K) into entities with their characters."""
        tokens = _first_tokens(example, windows)
        shares = softmax(windows.join(rows).astype(np.float64))[tokens] if len(windows.places) else np.zeros((0, 1))
        best = [int(one.argmax()) if token >= 0 else 0 for token, one in zip(tokens, shares, strict=False)]
        tags = [labels[number] for number in best] or ["O"] * len(tokens)
        found = []
        for one in find_entities(tags):
            start, end = example.words[one.start][0], example.words[one.end - 1][1]
            sure = min(float(shares[place, best[place]]) for place in range(one.start, one.end))
            found.append(FoundEntity(example.text[start:end], start, end, one.kind, sure))
        return EntityPrediction(example.name, example.text, tuple(found), tuple(tags))

    def evaluate(
        self, examples: Sequence[TaggedText], predictions: Sequence[EntityPrediction], seed: int, resamples: int
    ) -> EntityEvaluation:
        """Score whole entities."""
        wanted = [find_entities(example.tags) for example in examples]
        found = [find_entities(one.tags) for one in predictions]
        return evaluate_entities(wanted, found, seed=seed, resamples=resamples)

    def simple(self, examples: Sequence[TaggedText], others: Sequence[TaggedText]) -> list[EntityPrediction]:
        """Give each word of others the tag it had most often: the baseline, which looks at nothing around it."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for example in examples:
            for (start, end), tag in zip(example.words, example.tags, strict=True):
                counts[example.text[start:end]][tag] += 1
        usual = {word: tags.most_common(1)[0][0] for word, tags in counts.items()}
        return [
            EntityPrediction(one.name, one.text, (), tuple(usual.get(one.text[a:b], "O") for a, b in one.words))
            for one in others
        ]

    def mistake(self, example: TaggedText, prediction: EntityPrediction) -> Mistake:
        """Compare the entities that were found with the right ones."""
        wanted, found = set(find_entities(example.tags)), set(find_entities(prediction.tags))
        right, said = (
            tuple((example.words[one.start][0], example.words[one.end - 1][1], one.kind) for one in sorted(entities))
            for entities in (wanted, found)
        )
        return Mistake(float(len(wanted ^ found)), right, said)


def _first_tokens(example: TaggedText, windows: Windows) -> list[int]:
    """Return the first token of each word, -1 for a word without one."""
    found, token = [], 0
    for start, end in example.words:
        while token < len(windows.places) and windows.places[token][1] <= start:
            token += 1
        inside = token < len(windows.places) and windows.places[token][0] < end
        found.append(token if inside else -1)
    return found


ENTITIES = Entities()
