"""What a task brings whose answers are parts of a text."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from headstart.arrays import Integers, Singles
from headstart.encoders.preprocess.text_tokens import TextPreprocessing
from headstart.metrics.values import Evaluation
from headstart.workflows.text_parts.windows import Windows


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
    def mistakes(self, example: Any, prediction: Any) -> tuple[float, str, str]: ...  # noqa: ANN401, D102
