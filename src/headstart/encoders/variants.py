"""Variants of an encoder by name: its first stages alone, or smaller pictures.

* ``efficientnet_lite0[:5]``: the pooled output of the first five stages;
* ``efficientnet_lite0[:*]``: the pooled outputs of all stages, one behind the other;
* ``efficientnet_lite0@160``: pictures of 160 x 160 pixels; both together: ``efficientnet_lite0[:5]@160``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from headstart.errors import EncoderError, RecipeError

ALL_STAGES = -1
SMALLEST, LARGEST = 32, 2048  # sides of a picture in pixels
_FORM = re.compile(r"(?P<base>.+?)(\[:(?P<stages>\d{1,3}|\*)\])?(@(?P<size>\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Variant:
    """A base encoder, how many of its first stages, and the side of a picture in pixels.

    ``stages`` 0 is the network as it is, -1 each of its stages; ``size`` 0 is that of the weights.
    """

    base: str
    stages: int = 0
    size: int = 0

    @property
    def name(self) -> str:
        """The name a user gives.

        Examples
        --------
        >>> Variant("resnet18", 3, 160).name, Variant("resnet18", ALL_STAGES).name
        ('resnet18[:3]@160', 'resnet18[:*]')
        """
        stages = {0: "", ALL_STAGES: "[:*]"}.get(self.stages, f"[:{self.stages}]")
        return f"{self.base}{stages}" + (f"@{self.size}" if self.size else "")


def read_variant(name: str) -> Variant:
    """Take a name apart.

    Raises
    ------
    EncoderError
        When the size is out of range, or no stage is left.

    Examples
    --------
    >>> read_variant("efficientnet_lite0[:5]@160")
    Variant(base='efficientnet_lite0', stages=5, size=160)
    >>> read_variant("resnet18@weights.pth")
    Variant(base='resnet18@weights.pth', stages=0, size=0)
    """
    found = _FORM.fullmatch(name)
    if found is None or (found["stages"] is None and found["size"] is None):
        return Variant(name)
    stages = ALL_STAGES if found["stages"] == "*" else int(found["stages"] or 0)
    if found["stages"] is not None and stages == 0:
        raise EncoderError("encoders.no_stage_left", name=name)
    size = int(found["size"] or 0)
    if found["size"] is not None and not SMALLEST <= size <= LARGEST:
        raise EncoderError("encoders.size_out_of_range", name=name, smallest=SMALLEST, largest=LARGEST)
    return Variant(found["base"], stages, size)


def candidates_of(names: Sequence[str], stages: Sequence[int], sizes: Sequence[int]) -> tuple[str, ...]:
    """List encoders with these stages of each and these sizes of each behind it.

    Examples
    --------
    >>> candidates_of(["resnet18"], [3, 4], [160])
    ('resnet18', 'resnet18[:3]', 'resnet18[:4]', 'resnet18@160')
    """
    found = []
    for name in names:
        variant = read_variant(name)
        found.append(name)
        found += [Variant(variant.base, stage, variant.size).name for stage in stages if variant.stages == 0]
        found += [Variant(variant.base, variant.stages, size).name for size in sizes if variant.size == 0]
    return tuple(dict.fromkeys(found))


def require_whole(name: str, method: str) -> None:
    """Raise RecipeError when the weights of a part of a network are to be moved."""
    if read_variant(name).stages:
        raise RecipeError("encoders.part_not_moved", name=name, method=method)
