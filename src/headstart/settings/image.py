"""The section of a recipe for pictures."""

from dataclasses import dataclass
from typing import Literal

from headstart.runtime.findings import Finding
from headstart.settings.section import Section, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings(Section):
    """What only makes sense for pictures: how they are varied while weights move."""

    section = "image"
    about = "how pictures are varied while weights move"
    examples = Finding("settings.pictures")

    augment: Literal["auto", "none", "crop", "trivial"] = setting("auto", "{}.")  # auto: crops
    flip: Literal["auto", "none", "horizontal"] = setting(
        "auto", "{}."
    )  # auto: unless the names of the classes are about sides or signs
