"""From a document to the input of an encoder."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

from headstart.encoders.preprocess.text_tokens import TextPreprocessing


@dataclass(frozen=True, slots=True)
class PlainText:
    """A document as it is, for an encoder of words; ``terms`` is the SHA-256 of its vocabulary."""

    terms: str
    kind: ClassVar[str] = "text"
    kept: ClassVar[bool] = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Documents are of several lengths."""
        return ()

    def prepare(self, document: str) -> Any:  # noqa: ANN401 - an input
        """Return the document."""
        return document

    def versions(self) -> dict[str, str]:
        """Nothing but arithmetic makes the numbers."""
        return {}

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote; raises TypeError when a field is missing or unknown."""
        return cls(**data)


def from_json(data: dict[str, Any]) -> PlainText | TextPreprocessing:
    """Read the preprocessing of an encoder of words or of a network; raises TypeError or KeyError for neither."""
    kind = PlainText if "terms" in data else TextPreprocessing
    return kind.from_json(data)
