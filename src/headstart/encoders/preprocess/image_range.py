"""The range of the values of a data set, over which its grey pictures of more than 8 bits are spread."""

from collections.abc import Sequence

from headstart.data.example import Example
from headstart.data.readers.image import open_readable
from headstart.data.readers.image_grey import find_used_range
from headstart.encoders.spec import Adaptation
from headstart.runtime.findings import NOTE, Finding
from headstart.settings.image import ImageSettings

MOST = 1000  # pictures that are looked at, spread evenly: a range is known long before all of them are


def adapt(settings: ImageSettings, examples: Sequence[Example]) -> Adaptation:
    """Find the range of the pictures to learn from, where the user wants it instead of that of their files."""
    if settings.range == "depth":
        return Adaptation()
    few = examples[:: 1 + len(examples) // MOST]
    used = find_used_range(open_readable([example.source for example in few]))
    if used is None:
        return Adaptation(findings=(Finding("encoders.no_range"),))
    said = Finding("encoders.range_spread", {"low": used.low, "high": used.high}, NOTE)
    return Adaptation({"value_range": (used.low, used.high)}, (said,), ("data.small_range",))
