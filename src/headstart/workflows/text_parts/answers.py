"""Answers: the part of a text that answers a question about it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from headstart.arrays import Floats, Integers, Singles
from headstart.data.readers.text import clean_document
from headstart.data.readers.text_annotations import Question, holds_questions, read_questions
from headstart.encoders.preprocess.text_tokens import TextPreprocessing
from headstart.encoders.text.token_graphs import locate_tokens
from headstart.errors import DataError
from headstart.metrics.answer_spans import AnswerEvaluation, evaluate_answers, score_answer
from headstart.workflows.text_parts.base import Mistake
from headstart.workflows.text_parts.windows import Windows, make_windows

LONGEST = 64  # tokens of an answer


@dataclass(frozen=True, slots=True)
class AnswerPrediction:
    """An answer, from character ``start`` up to ``end`` of its text; empty, with neither, where there is none."""

    path: str
    question: str
    answer: str
    start: int | None
    end: int | None
    probability: float

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    columns: ClassVar[tuple[str, ...]] = ("path", "question", "answer", "start", "end", "probability")

    def rows(self) -> list[list[Any]]:
        """Return a row of cells."""
        return [[self.path, self.question, self.answer, self.start, self.end, self.probability]]

    def line(self) -> str:
        """Return one line for people."""
        place = "" if self.start is None else f", {self.start}-{self.end}"
        return f"{self.question}: {self.answer or '-'} [{self.probability:.2f}{place}]"


class Answers:
    """See :class:`headstart.workflows.text_parts.base.PartTask`."""

    name: ClassVar[str] = "answers"
    ends: ClassVar[bool] = True
    method: ClassVar[str] = "lora"  # what a frozen encoder knows of a token does not say where an answer begins
    first: ClassVar[str] = "f1"

    recognises = staticmethod(holds_questions)

    def read(self, path: Path) -> list[Question]:
        """Read questions with their texts and answers."""
        return read_questions(path)

    def of_text(self, name: str, text: str, question: str = "") -> Question:
        """Create a question about a text; raises DataError without one."""
        if not question.strip():
            raise DataError("workflows.no_question")
        return Question(name, clean_document(text), clean_document(question))

    def labels(self, examples: Sequence[Question]) -> tuple[str, ...]:
        """Name the two ends; ``none`` stands behind them where some questions have no answer."""
        return ("start", "end", *(["none"] if any(not one.answers for one in examples) else []))

    def encode(self, example: Question, preprocessing: TextPreprocessing) -> Windows:
        """Cut a text into windows behind its question; raises DataError for a question that leaves it no room."""
        question, _ = locate_tokens(preprocessing, example.question)
        if len(question) > preprocessing.piece // 2:
            raise DataError("workflows.long_question", name=example.name, count=len(question))
        return make_windows(preprocessing, example.text, question)

    def targets(self, example: Question, windows: Windows, labels: Sequence[str]) -> list[Integers]:
        """Return the places of the ends of the first answer in each window (2,); 0 where it does not hold it."""
        tokens = windows.tokens_of(*example.answers[0]) if example.answers else np.zeros(0, int)
        found = []
        for start, end in windows.cuts:
            inside = len(tokens) and tokens[0] >= start and tokens[-1] < end
            found.append(windows.first - start + tokens[[0, -1]] if inside else np.zeros(2, int))
        return found

    def decode(
        self, example: Question, windows: Windows, rows: Sequence[Singles], labels: Sequence[str], *, empty: bool
    ) -> AnswerPrediction:
        """Turn scores of tokens (T, 2) into the best answer over all windows, or none where that is surer."""
        cuts = zip(rows, windows.cuts, strict=True)
        best = max(_best(own.astype(np.float64), windows.first, start, end) for own, (start, end) in cuts)
        gain, probability, first, last = best
        none = first < 0 or (empty and gain <= 0)
        start, end = (0, 0) if none else (windows.places[first][0], windows.places[last][1])
        answer = example.text[start:end]
        start += len(answer) - len(answer.lstrip())  # some tokens carry the space before them
        if none:
            return AnswerPrediction(example.name, example.question, "", None, None, 1 - probability)
        return AnswerPrediction(example.name, example.question, answer.strip(), start, end, probability)

    def evaluate(
        self, examples: Sequence[Question], predictions: Sequence[AnswerPrediction], seed: int, resamples: int
    ) -> AnswerEvaluation:
        """Score answers."""
        wanted = [one.wanted for one in examples]
        return evaluate_answers(wanted, [one.answer for one in predictions], seed=seed, resamples=resamples)

    def simple(self, examples: Sequence[Question], others: Sequence[Question]) -> list[AnswerPrediction]:
        """Answer each question with the whole text: the baseline, which reads no question."""
        return [AnswerPrediction(one.name, one.question, one.text, 0, len(one.text), 1.0) for one in others]

    def mistake(self, example: Question, prediction: AnswerPrediction) -> Mistake:
        """Compare an answer with the right ones; nothing is marked where there is none."""
        _, f1 = score_answer(example.wanted, prediction.answer)
        right = tuple((start, end, "") for start, end in sorted(set(example.answers)))
        start, end = prediction.start, prediction.end
        said = () if start is None or end is None else ((start, end, ""),)
        return Mistake(1 - f1, right, said, example.question)


def _best(scores: Floats, first: int, start: int, end: int) -> tuple[float, float, int, int]:
    """Return of one window by how much its best answer beats none, its probability, and its tokens; -1 without any."""
    count = end - start
    if count == 0:
        return -np.inf, 0.0, -1, -1
    allowed = np.r_[0, first : first + count]
    logs = scores[allowed] - np.log(np.exp(scores[allowed] - scores[allowed].max(0)).sum(0)) - scores[allowed].max(0)
    pairs = logs[1:, 0][:, None] + logs[1:, 1][None]
    pairs[~np.triu(np.tri(count, k=LONGEST - 1, dtype=bool))] = -np.inf
    left, right = np.unravel_index(int(pairs.argmax()), pairs.shape)
    value = float(pairs[left, right])
    return value - float(logs[0].sum()), float(np.exp(value)), start + int(left), start + int(right)


ANSWERS = Answers()
