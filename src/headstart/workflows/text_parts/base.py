"""What a task brings whose answers are parts of a text."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from headstart.arrays import Integers, Singles
from headstart.encoders.preprocess.text_tokens import TextPreprocessing
from headstart.metrics.values import Evaluation
from headstart.workflows.text_parts.windows import Windows


@dataclass(frozen=True, slots=True)
class Mistake:
    """How wrong a prediction is, 0 for a right one; what was right and what was said, as (start, end, kind)."""

    wrong: float
    right: tuple[tuple[int, int, str], ...]
    said: tuple[tuple[int, int, str], ...]
    asked: str = ""


class PartTask(Protocol):
    """One of :class:`Entities` and :class:`Answers`; a row in ``tasks/`` names it as its ``parts``.

    ``ends`` says whether two ends are learnt instead of a label for each token, ``method`` which weights move unasked,
    ``first`` which score people read first.
    """

    name: ClassVar[str]
    ends: ClassVar[bool]
    method: ClassVar[str]
    first: ClassVar[str]

    def recognises(self, path: Path, /) -> bool: ...  # noqa: D102 - see there, as all others
    def read(self, path: Path) -> list[Any]: ...  # noqa: D102
    def of_text(self, name: str, text: str, question: str = "") -> Any: ...  # noqa: ANN401, D102
    def labels(self, examples: Sequence[Any]) -> tuple[str, ...]: ...  # noqa: D102
    def encode(self, example: Any, preprocessing: TextPreprocessing) -> Windows: ...  # noqa: ANN401, D102
    def targets(self, example: Any, windows: Windows, labels: Sequence[str]) -> list[Integers]: ...  # noqa: ANN401, D102
    def decode(  # noqa: D102
        self,
        example: Any,  # noqa: ANN401
        windows: Windows,
        rows: Sequence[Singles],
        labels: Sequence[str],
        *,
        empty: bool,
    ) -> Any: ...  # noqa: ANN401
    def evaluate(  # noqa: D102
        self, examples: Sequence[Any], predictions: Sequence[Any], seed: int, resamples: int
    ) -> Evaluation: ...
    def simple(self, examples: Sequence[Any], others: Sequence[Any]) -> list[Any]: ...  # noqa: D102
    def mistake(self, example: Any, prediction: Any) -> Mistake: ...  # noqa: ANN401, D102
