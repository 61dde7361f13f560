"""The section of a recipe for pictures."""

from dataclasses import dataclass
from typing import Literal

from headstart.runtime.findings import Finding
from headstart.settings.section import Section, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings(Section):
    """What only makes sense for pictures: how they are read, and how they are varied while weights move."""

    section = "image"
    about = "how pictures are read, and varied while weights move"
    reading = ("range", "max_megapixels")
    examples = Finding("settings.pictures")

    augment: Literal["auto", "none", "crop", "trivial"] = setting("auto", "{}.")  # auto: crops
    flip: Literal["auto", "none", "horizontal"] = setting(
        "auto", "{}."
    )  # auto: unless the names of the classes are about sides or signs
    range: Literal["depth", "data"] = setting(  # depth: the same picture is the same input, whatever others there are
        "depth", "Black and white of grey pictures of 16 bits: as their files allow, or as the data uses: {}."
    )
    max_megapixels: float = setting(  # 0: where Pillow refuses, too: a file of some kilobytes may claim any size
        0.0, "Pictures of more million pixels are not read; a JPEG is, at a fraction of its size.", 0, 1e5, shown="179"
    )
