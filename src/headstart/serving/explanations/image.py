"""Why a model says what it says, made ready for the page: a heat map to lay over the picture, and what it was like."""

import io
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from PIL import Image

from headstart.errors import EncoderError, MissingExtraError
from headstart.explain.base import ExplanationRequest
from headstart.explain.explained_model import ExplainedModel
from headstart.explain.image.coordinates import Map
from headstart.explain.image.explaining import encode_picture, explain_example
from headstart.explain.image.overlay import fitted_size, heat_colours
from headstart.explain.neighbours import Neighbour, find_example, nearest_examples
from headstart.modalities.base import DEFAULT
from headstart.reporting.render.base import data_uri, thumbnail
from headstart.serving.uploads.image import THUMBNAIL

LONGEST = 640  # pixels of the heat map: the page lets it grow to the picture
FADE = 0.6  # below 1: places that matter less are seen too
UNSEEN = 110  # how dark, out of 255, what the network did not see is painted
NEIGHBOURS = 6


def explain_for_page(subject: ExplainedModel, picture: Image.Image, places: Sequence[Path]) -> dict[str, Any]:
    """Explain one upright RGB picture: plain data with heat_map, target, method, exact and neighbours.

    ``heat_map`` is a PNG with transparency in the coordinates of the picture, as a data URI; None where no method works
    with this model. A neighbour has its picture only if it still lies in one of the ``places``, unchanged.
    """
    try:
        found = explain_example(subject, picture, "", ExplanationRequest(neighbours=NEIGHBOURS))
    except (EncoderError, MissingExtraError):
        near = _neighbours(subject, picture)
        return {"heat_map": None, "neighbours": [_shown(one, places) for one in near]}
    drawn = io.BytesIO()
    draw_heat(found.heat_map(fitted_size(picture.size, LONGEST))).save(drawn, "PNG")
    return {
        "heat_map": data_uri(drawn.getvalue(), "png"),
        "target": found.target,
        "method": found.method,
        "exact": found.found.exact,
        "neighbours": [_shown(one, places) for one in found.neighbours],
    }


def draw_heat(heat: Map) -> Image.Image:
    """Draw heat from 0 to 1, shape (H, W), to lay over a picture: hot is opaque, cold transparent.

    What the network did not see (not-a-number) is darkened.

    Examples
    --------
    >>> painted = draw_heat(np.array([[0.0, 1.0, np.nan]], dtype=np.float32))
    >>> [painted.getpixel((column, 0))[3] for column in range(3)]
    [0, 255, 110]
    """
    unseen = np.isnan(heat)
    amount = np.nan_to_num(heat)
    pixels = np.dstack([heat_colours(amount), (255 * amount**FADE).astype(np.uint8)])
    pixels[unseen] = (0, 0, 0, UNSEEN)
    return Image.fromarray(pixels)


def _neighbours(subject: ExplainedModel, picture: Image.Image) -> Sequence[Neighbour]:
    if subject.known is None:
        return ()
    return nearest_examples(encode_picture(subject, picture).features, subject.known, subject.classes, NEIGHBOURS)


def _shown(neighbour: Neighbour, places: Sequence[Path]) -> dict[str, Any]:
    picture = find_example(neighbour, places, DEFAULT)
    return {
        "name": PurePath(neighbour.name.replace("\\", "/")).name,
        "label": neighbour.label,
        "distance": neighbour.distance,
        "picture": None if picture is None else data_uri(thumbnail(picture, THUMBNAIL)),
    }
