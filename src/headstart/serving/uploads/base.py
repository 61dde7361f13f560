"""What takes the files of a request apart, and looks at each example before it is decoded."""

from typing import Any, Protocol

from headstart.modalities.base import load_modality
from headstart.serving.interactive import ExampleView
from headstart.serving.multipart import Upload
from headstart.settings.serving import ServerLimits


class Uploads(Protocol):
    """A module for the uploads of one modality."""

    def expand(self, upload: Upload, limits: ServerLimits, /) -> list[Upload]:
        """List the examples that stand in one file; raises Refusal."""

    def check(self, data: Any, limits: ServerLimits, /) -> object:  # noqa: ANN401 - of an Upload
        """Check an example without decoding it; raises Refusal."""

    def decode(self, data: Any, /) -> Any:  # noqa: ANN401 - of an Upload; what encoders preprocess
        """Decode an example that was checked; raises Refusal."""

    def blank(self) -> Any:  # noqa: ANN401 - what encoders preprocess
        """Return an example to warm an encoder up with; None where that is not needed."""

    def view(self, example: Any, /) -> ExampleView:  # noqa: ANN401 - decoded
        """Compute what is kept of an example that is taught with; only where the modality can be taught."""

    def shown(self, preview: Any, /) -> dict[str, str]:  # noqa: ANN401 - of an ExampleView
        """Return what a page shows of an example that is kept; only where the modality can be taught."""


def uploads_of(modality: str) -> Uploads:
    """Load what takes uploads of a modality apart."""
    found: Uploads = load_modality(modality).uploads
    return found
