"""From a document to the input of an encoder."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

KIND = "text"


@dataclass(frozen=True, slots=True)
class PlainText:
    """A document as it is, for an encoder of words; ``terms`` is the SHA-256 of its vocabulary."""

    terms: str
    kind: ClassVar[str] = KIND
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


def from_json(data: dict[str, Any]) -> PlainText:
    """Read the preprocessing of an encoder of words or of a network; raises TypeError for what is neither."""
    return PlainText.from_json(data)
