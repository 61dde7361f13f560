"""Several stages of one network as candidates: they are read in one pass, from the encoder of all its stages."""

from collections import Counter
from collections.abc import Sequence

from headstart.arrays import Singles
from headstart.encoders.spec import Encoder, EncoderFiles
from headstart.encoders.variants import ALL_STAGES, Variant, read_variant

Matrix = Singles


def families_of(names: Sequence[str]) -> dict[str, str]:
    """Say which encoder is read for each candidate: itself, or that of all stages where several of them are wanted.

    Examples
    --------
    >>> families_of(["a", "a[:2]", "a[:3]", "b[:2]"])
    {'a': 'a', 'a[:2]': 'a[:*]', 'a[:3]': 'a[:*]', 'b[:2]': 'b[:2]'}
    """
    found = {}
    for name in names:
        variant = read_variant(name)
        whole = Variant(variant.base, ALL_STAGES, variant.size).name
        found[name] = whole if variant.stages > 0 else name
    several = Counter(found.values())
    return {name: family if several[family] > 1 else name for name, family in found.items()}


def stage_features(matrix: Matrix, name: str, family: Encoder) -> Matrix:
    """Take the columns of a candidate out of what was read for it: shape (N, D) -> (N, d)."""
    if family.spec.name == name:
        return matrix
    files: EncoderFiles = getattr(family, "files")  # noqa: B009 - what has stages was prepared, and has files
    return matrix[:, columns_of(files.config["widths"], read_variant(name).stages)]


def columns_of(widths: Sequence[int], stages: int) -> slice:
    """State where the columns of the first so many stages are, when the stages stand one behind the other.

    Examples
    --------
    >>> columns_of([32, 16, 24], 2)
    slice(32, 48, None)
    """
    start = sum(widths[: stages - 1])
    return slice(start, start + widths[stages - 1])
