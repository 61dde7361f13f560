"""What ``explain --average`` found in pictures: as lines, as plain data, as a sheet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from headstart.data.name_checks import plural
from headstart.encoders.preprocess.image import ImagePreprocessing
from headstart.explain.image.class_average import UNIFORM_BORDER, ClassAverage, ClassAverages, Share
from headstart.explain.image.coordinates import enlarge
from headstart.explain.image.overlay import blend_heat
from headstart.explain.image.values import scaled
from headstart.explain.values import title_of
from headstart.reporting.answers import failure_lines, failures_to_json
from headstart.reporting.plots.style import INK, QUIET, WARN
from headstart.reporting.render.contact_sheet import SIDE, Caption, Card, draw_sheet
from headstart.reporting.render.fonts import FontBook, drawable_names
from headstart.reporting.tables import indented
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding, sentences


@dataclass(frozen=True, slots=True)
class AverageReport:
    """Where the evidence for each class lies on average.

    Attributes
    ----------
    method
        How the heat was found.
    rule
        Which part of the data was looked at, if not all.
    classes
        One average for each class that had pictures.
    picture
        The sheet.
    """

    method: str
    rule: Finding | None
    classes: tuple[ClassAverage, ...]
    picture: Path
    failures: Mapping[str, Finding] = field(default_factory=dict)
    notices: tuple[Finding, ...] = ()

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What looks like a shortcut."""
        return tuple(one.warning for one in self.classes if one.warning)

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        rows = [
            (one.label, f"{one.count:,}", _range(one.border), _range(one.middle), _zone(one, texts))
            for one in self.classes
        ]
        method = texts.find(f"explain.title.{self.method}", title_of(self.method))
        return [
            *failure_lines(self.failures, texts),
            *([self.rule.render(texts)] if self.rule else []),
            texts.say("reporting.average", {"method": method, "border": UNIFORM_BORDER}),
            *indented([texts.columns("reporting.averages"), *rows], right=(1,)),
            *(texts.say("reporting.warning", {"warning": warning}) for warning in self.warnings),
            *([] if self.warnings else [texts.say("reporting.no_shortcut")]),
            *sentences(self.notices, texts),
            texts.say("reporting.written_to", {"place": self.picture}),
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "method": self.method,
            "rule": str(self.rule or ""),
            "classes": [one.to_json() for one in self.classes],
            "warnings": sentences(self.warnings),
            "picture": str(self.picture),
            "failures": failures_to_json(self.failures),
            "notices": sentences(self.notices),
        }


def write_averages(
    found: ClassAverages, folder: Path, rule: Finding | None, failures: Mapping[str, Finding], fonts: FontBook
) -> AverageReport:
    """Draw the average heat of each class on its average picture into ``average.png``, and report what was found."""
    classes, path = found.classes, folder / "average.png"
    shown = drawable_names([one.label for one in classes], fonts)
    cards = []
    for one, name in zip(classes, shown.names, strict=True):
        name_tint, tint = (WARN, WARN) if one.warning else (INK, QUIET)
        lines = (Caption(name, name_tint), Caption(plural(one.count, "picture"), tint, right=f"{one.border.value:.2f}"))
        cards.append(Card((partial(_painted, one, found.preprocessing),), lines))
    notes = (
        "The average heat on the average picture; how many pictures, share in the border",
        f"A uniform map has {UNIFORM_BORDER:.2f} in the border.",
    )
    notices = (*shown.notices, *draw_sheet("Where the evidence lies", notes, cards, path, fonts))
    return AverageReport(found.method, rule, classes, path, failures, notices)


def _painted(one: ClassAverage, preprocessing: ImagePreprocessing) -> Image.Image:
    deviation, mean = (np.array(part)[:, None, None] for part in (preprocessing.std, preprocessing.mean))
    colours = ((one.picture * deviation + mean) * 255).clip(0, 255).astype(np.uint8).transpose(1, 2, 0)
    picture = Image.fromarray(colours).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return blend_heat(picture, scaled(enlarge(one.heat, SIDE, SIDE)))


def _zone(one: ClassAverage, texts: Texts) -> str:
    return f"{texts.say(f'explain.zone_{one.zone.replace(chr(32), chr(95))}')} {one.zone_share.value:.2f}"


def _range(share: Share) -> str:
    return f"{share.value:.2f} [{share.low:.2f}, {share.high:.2f}]"
