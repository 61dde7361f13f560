"""From a raw picture to a network's input as ONNX nodes: as :mod:`headstart.encoders.preprocess.image` makes it.

An antialiased Resize of *bytes* that leaves out what lies beyond the border is what Pillow computes: both add in whole
numbers and round to a byte after the width and after the height. Of real photographs one byte in ten thousand differs,
by one. The same node on float numbers is far from it: .15 levels in the mean. Which of the two directions comes first
matters too, by several levels in sharp patterns, so there is a node for each, in Pillow's order.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from headstart.encoders.preprocess.image import LONGEST_SHAPE, ImagePreprocessing
from headstart.encoders.spec import EncoderFiles
from headstart.export.graph_parts import DOUBLE, FLOAT, INT64, UINT8, GraphParts
from headstart.runtime.findings import Finding
from headstart.saving.values import SavedModel

ONE, TYPE, SHAPE = "picture", UINT8, ("height", "width", 3)
PRECISIONS, SAMPLE = ("fp32", "fp16", "int8"), Finding("studies.sample_picture")
USE = """\
Without Headstart, with ONNX Runtime alone; `model.onnx` takes the bytes of one upright RGB picture of any size:

```python
import json

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

session = onnxruntime.InferenceSession("path/to/this/folder/model.onnx", providers=["CPUExecutionProvider"])
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
picture = ImageOps.exif_transpose(Image.open("picture.jpg")).convert("RGB")
(probabilities,) = session.run(None, {"picture": np.asarray(picture)})
print(max(zip(probabilities.tolist(), classes)))
```
"""

# Pillow's filters that the Resize of ONNX knows, as its attributes. Keys' cubic with -0.5 is Pillow's.
RESIZES: dict[str, dict[str, Any]] = {
    "bicubic": {"mode": "cubic", "cubic_coeff_a": -0.5, "antialias": 1, "exclude_outside": 1},
    "bilinear": {"mode": "linear", "antialias": 1, "exclude_outside": 1},
}


@dataclass(frozen=True, slots=True)
class _Extent:
    """Names of a height and a width, each of shape (1,), int64."""

    height: str
    width: str


def obstacle(preprocessing: ImagePreprocessing) -> Finding | None:
    """Return why pictures cannot be prepared inside a graph, or None when they can."""
    if preprocessing.value_range is not None:
        return Finding("export.raw_range", severity="note")
    if preprocessing.interpolation in (*RESIZES, "nearest"):
        return None
    return Finding("export.raw_filter", {"filter": preprocessing.interpolation}, "note")


def take(picture: Any, encoder: Any) -> Any:  # noqa: ANN401 - as it opens; an Encoder
    """Return the picture as it is: the graph prepares it."""
    return picture


def take_several(pictures: Sequence[Any], encoder: Any) -> Any:  # noqa: ANN401 - an Encoder; an array
    """Join raw pictures of one size."""
    return np.stack(pictures)


def beside(model: SavedModel, files: EncoderFiles) -> dict[str, bytes]:
    """Return no files: all that a graph needs is in it."""
    return {}


def samples(count: int) -> list[npt.NDArray[np.uint8]]:
    """Draw soft colours with noise on them, 480 x 640: the time depends on the size of a picture alone."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 200, (12, 16, 3)).repeat(40, axis=0).repeat(40, axis=1)
    picture = (coarse + random.integers(0, 56, (480, 640, 3))).astype(np.uint8)
    return [np.roll(picture, shift, axis=1) for shift in range(count)]


def describe_input(batched: bool) -> str:
    """Describe what the graph takes."""
    shape = "(count, height, width, 3), all of one size" if batched else "(height, width, 3), of any size"
    return f"RGB, uint8, {shape}, upright"


def add_preparation(parts: GraphParts, pictures: str, preprocessing: ImagePreprocessing, output: str) -> None:
    """Add the way from RGB bytes (N, h, w, 3) to a network's input (N, 3, H, W), float32, called ``output``."""
    layers = parts.add("Transpose", pictures, attributes={"perm": [0, 3, 1, 2]})
    resized = _add_resize(parts, layers, preprocessing)
    height, width = preprocessing.height, preprocessing.width
    if preprocessing.crop_mode == "border":
        ground = np.array([round(255 * value) for value in preprocessing.mean], dtype=np.float32)
        floats = _add_ground(parts, _as_float(parts, resized), ground, preprocessing)
        _add_scale(parts, _add_centre(parts, floats, height, width), preprocessing, output)
        return
    if _goal(preprocessing) < (height, width):  # a crop larger than the resized picture: black around it
        floats = _add_ground(parts, _as_float(parts, resized), np.zeros(3, dtype=np.float32), preprocessing)
        _add_scale(parts, _add_centre(parts, floats, height, width), preprocessing, output)
        return
    _add_scale(parts, _as_float(parts, _add_centre(parts, resized, height, width)), preprocessing, output)


def _goal(preprocessing: ImagePreprocessing) -> tuple[int, int]:
    """Height and width that the resized picture has to fill, cut to whole pixels as torchvision does."""
    fraction = preprocessing.crop_fraction
    return math.floor(preprocessing.height / fraction), math.floor(preprocessing.width / fraction)


def _add_resize(parts: GraphParts, layers: str, preprocessing: ImagePreprocessing) -> str:
    goal = _goal(preprocessing)
    if preprocessing.crop_mode == "squash":
        size = _Extent(parts.whole(goal[0]), parts.whole(goal[1]))
    elif preprocessing.crop_mode == "center":
        layers = _add_shortening(parts, layers)
        size = _add_covering_size(parts, _extent_of(parts, layers), goal)
    else:
        size = _add_inner_size(parts, _extent_of(parts, layers), goal)
    if preprocessing.interpolation == "nearest":
        return _add_nearest(parts, layers, size)
    extent = _extent_of(parts, layers)
    first = _Extent(extent.height, size.width)
    if resizes_height_first():
        first = _add_order(parts, extent, size)
    attributes = {"coordinate_transformation_mode": "half_pixel", **RESIZES[preprocessing.interpolation]}
    count = parts.add("Shape", layers, attributes={"start": 0, "end": 2})
    for step in (first, size):
        sizes = parts.add("Concat", count, step.height, step.width, attributes={"axis": 0})
        layers = parts.add("Resize", layers, "", "", sizes, attributes=attributes)
    return layers


@lru_cache(maxsize=1)
def resizes_height_first() -> bool:
    """Try whether the installed Pillow resizes the height first when that makes the picture much smaller.

    Version 13 does when the height loses more than twice as many pixels as the width; older ones take the width first.
    """
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 10), dtype=np.uint8))
    down_first = noise.resize((10, 20), Image.Resampling.BICUBIC).resize((9, 20), Image.Resampling.BICUBIC)
    return noise.resize((9, 20), Image.Resampling.BICUBIC).tobytes() == down_first.tobytes()


def _add_order(parts: GraphParts, extent: _Extent, size: _Extent) -> _Extent:
    """Choose the size after the first direction, as :func:`resizes_height_first` says."""
    lost_height = parts.add("Sub", extent.height, size.height)
    twice_lost_width = parts.add("Mul", parts.whole(2), parts.add("Sub", extent.width, size.width))
    smaller = parts.add("Greater", lost_height, parts.whole(0))
    down = parts.add("And", smaller, parts.add("Greater", lost_height, twice_lost_width))
    height = parts.add("Where", down, size.height, extent.height)
    return _Extent(height, parts.add("Where", down, extent.width, size.width))


def _add_nearest(parts: GraphParts, layers: str, size: _Extent) -> str:
    """Take the pixel under the centre of each new one: number (2 i + 1) * before / (2 * after), rounded down."""
    extent = _extent_of(parts, layers)
    for axis, before, after in ((2, extent.height, size.height), (3, extent.width, size.width)):
        end = parts.add("Squeeze", after)
        numbers = parts.add("Range", parts.constant(np.int64(0)), end, parts.constant(np.int64(1)))
        odd = parts.add("Add", parts.add("Mul", numbers, parts.whole(2)), parts.whole(1))
        rows = parts.add("Div", parts.add("Mul", odd, before), parts.add("Mul", after, parts.whole(2)))
        layers = parts.add("Gather", layers, rows, attributes={"axis": axis})
    return layers


def _extent_of(parts: GraphParts, layers: str) -> _Extent:
    height = parts.add("Shape", layers, attributes={"start": 2, "end": 3})
    return _Extent(height, parts.add("Shape", layers, attributes={"start": 3, "end": 4}))


def _add_shortening(parts: GraphParts, layers: str) -> str:
    """Cut the middle out of a picture that is more than 64 times as long as it is wide."""
    extent = _extent_of(parts, layers)
    longest = parts.add("Mul", parts.add("Min", extent.height, extent.width), parts.whole(LONGEST_SHAPE))
    kept = _Extent(parts.add("Min", extent.height, longest), parts.add("Min", extent.width, longest))
    return _add_cut(parts, layers, extent, kept)


def _add_covering_size(parts: GraphParts, extent: _Extent, goal: tuple[int, int]) -> _Extent:
    """Find the size of the smallest picture of the same shape that covers the goal."""
    if goal[0] != goal[1]:
        ratio = parts.add("Min", *_ratios(parts, extent, goal))
        return _Extent(_divided(parts, extent.height, ratio), _divided(parts, extent.width, ratio))
    side = parts.whole(goal[0])
    height = parts.add("Div", parts.add("Mul", side, extent.height), extent.width)
    width = parts.add("Div", parts.add("Mul", side, extent.width), extent.height)
    return _Extent(parts.add("Max", side, height), parts.add("Max", side, width))  # the shorter side is the goal


def _add_inner_size(parts: GraphParts, extent: _Extent, goal: tuple[int, int]) -> _Extent:
    """Find the size of the largest picture of the same shape that fits into the goal."""
    ratio = parts.add("Max", *_ratios(parts, extent, goal))
    one = parts.whole(1)
    height, width = _divided(parts, extent.height, ratio), _divided(parts, extent.width, ratio)
    return _Extent(parts.add("Max", one, height), parts.add("Max", one, width))


def _ratios(parts: GraphParts, extent: _Extent, goal: tuple[int, int]) -> tuple[str, str]:
    height, width = (
        parts.add("Div", _as_double(parts, side), parts.constant(np.array([float(wanted)])))
        for side, wanted in zip((extent.height, extent.width), goal, strict=True)
    )
    return height, width


def _divided(parts: GraphParts, side: str, ratio: str) -> str:
    rounded = parts.add("Round", parts.add("Div", _as_double(parts, side), ratio))  # halves to even, as Python's
    return parts.add("Cast", rounded, attributes={"to": INT64})


def _add_centre(parts: GraphParts, layers: str, height: int, width: int) -> str:
    return _add_cut(parts, layers, _extent_of(parts, layers), _Extent(parts.whole(height), parts.whole(width)))


def _add_cut(parts: GraphParts, layers: str, extent: _Extent, kept: _Extent) -> str:
    """Cut out the middle; where it starts is rounded as Python rounds, halves to even."""
    starts, ends = [], []
    for whole, part in ((extent.height, kept.height), (extent.width, kept.width)):
        half = parts.add("Div", _as_double(parts, parts.add("Sub", whole, part)), parts.constant(np.array([2.0])))
        start = parts.add("Cast", parts.add("Round", half), attributes={"to": INT64})
        starts.append(start)
        ends.append(parts.add("Add", start, part))
    start = parts.add("Concat", *starts, attributes={"axis": 0})
    end = parts.add("Concat", *ends, attributes={"axis": 0})
    return parts.add("Slice", layers, start, end, parts.constant(np.array([2, 3], dtype=np.int64)))


def _add_ground(parts: GraphParts, floats: str, colour: Any, preprocessing: ImagePreprocessing) -> str:  # noqa: ANN401
    """Put a picture that is smaller than the network's input on a ground of one colour, shape (3,)."""
    extent = _extent_of(parts, floats)
    befores, afters = [], []
    for side, wanted in ((extent.height, preprocessing.height), (extent.width, preprocessing.width)):
        missing = parts.add("Sub", parts.add("Max", side, parts.whole(wanted)), side)
        befores.append(parts.add("Div", missing, parts.whole(2)))
        afters.append(parts.add("Sub", missing, befores[-1]))
    none = parts.constant(np.zeros(2, dtype=np.int64))
    pads = parts.add("Concat", none, *befores, none, *afters, attributes={"axis": 0})
    ground = parts.constant(np.asarray(colour, dtype=np.float32).reshape(1, 3, 1, 1))
    padded = parts.add("Pad", parts.add("Sub", floats, ground), pads)  # with zeros, which become the ground
    return parts.add("Add", padded, ground)


def _add_scale(parts: GraphParts, floats: str, preprocessing: ImagePreprocessing, output: str) -> None:
    """Divide by 255, subtract the mean, divide by the deviation: the steps in float32 that torchvision takes."""
    scaled = parts.add("Div", floats, parts.constant(np.float32(255)))
    mean, deviation = (
        parts.constant(np.array(values, dtype=np.float32).reshape(1, 3, 1, 1))
        for values in (preprocessing.mean, preprocessing.std)
    )
    parts.add("Div", parts.add("Sub", scaled, mean), deviation, output=output)


def _as_float(parts: GraphParts, layers: str) -> str:
    return parts.add("Cast", layers, attributes={"to": FLOAT})


def _as_double(parts: GraphParts, number: str) -> str:
    return parts.add("Cast", number, attributes={"to": DOUBLE})
