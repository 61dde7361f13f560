"""The list of encoders, for people and as plain data."""

from dataclasses import asdict, dataclass
from typing import Any

from headstart.encoders.loading import EncoderRow
from headstart.reporting.tables import aligned
from headstart.runtime.catalogue import ENGLISH, Texts


@dataclass(frozen=True, slots=True)
class EncoderTable:
    """Encoders with their size, their licence, and whether they are on this machine."""

    rows: tuple[EncoderRow, ...]

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        head, yes, no = texts.columns("reporting.encoders"), texts.say("reporting.yes"), texts.say("reporting.no")
        cells = [
            (
                row.name,
                texts.find(f"reporting.examples_{row.modality}", row.modality),
                yes if row.here else no,
                "" if row.dimension is None else str(row.dimension),
                f"{row.size_mb:.0f}",
                "" if row.top1 is None else f"{row.top1:.1f}",
                row.licence,
                texts.say("runtime.said", {"said": row.note}),
            )
            for row in self.rows
        ]
        return [
            *aligned([head, *cells], right=(3, 4, 5)).splitlines(),
            "",
            texts.say("reporting.encoders_note"),
            texts.say("reporting.encoders_also"),
        ]

    def to_json(self) -> list[dict[str, Any]]:
        """Return plain data: one object per encoder."""
        return [asdict(row) | {"note": str(row.note)} for row in self.rows]
