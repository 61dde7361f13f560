"""What an audit of data found, for people and as plain data."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from headstart.audit.similarity.base import similarity_of
from headstart.data.inspection_report import inspection_findings, inspection_lines
from headstart.data.readers.base import text_of
from headstart.modalities.base import modality_json
from headstart.reporting.tables import indented
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding, about, notices_json, sentences
from headstart.runtime.text import beginning
from headstart.studies.check import Check

MOST_LINES = 5


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What an audit found with an encoder, the files that were written, and what is to be said of the page."""

    found: Check
    encoder: str
    files: tuple[str, ...] = ()
    notices: tuple[Finding, ...] = ()
    page: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that the user should know."""
        found = (*inspection_findings(self.found.inspection), *self.found.notices, *self.notices)
        return about(found, self.found.inspection.dataset.modality)

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        cleaning, texts = self.found.cleaning, texts.for_modality(self.found.inspection.dataset.modality)
        return [
            *inspection_lines(self.found.inspection, texts),
            *self._copy_lines(texts),
            *self._label_lines(texts),
            *self._quality_lines(texts),
            *self._group_lines(texts),
            *([texts.say("studies.cleaning", {"verdict": cleaning.verdict})] if cleaning else []),
            *sentences((*self.found.notices, *self.notices), texts),
            *[texts.say("reporting.written", {"file": file}) for file in self.files],
            *sentences(self.page, texts),
            texts.say("studies.nothing_deleted"),
        ]

    def to_json(self) -> dict[str, Any]:
        """Return plain data; paths as the user gave them, every list with the worst first."""
        found, inspection = self.found, self.found.inspection
        return {
            "data": inspection.dataset.name,
            **modality_json(inspection.dataset.modality),
            "encoder": self.encoder,
            "counts": self.counts(),
            "near_duplicates": self.pairs_json(),
            "near_duplicate_sets": inspection.to_json()["near_copies"],
            "label_errors": self.labels_json(),
            "outliers": [
                {"path": self._name(place), "distance": round(float(found.isolation[place]), 4)}
                for place in found.outliers
            ],
            "quality": {kind: [self._name(place) for place in found.poor[kind]] for kind in found.poor},
            "imbalance": {
                "counts": inspection.class_totals,
                "ratio": inspection.imbalance,
                "tiny": inspection.tiny_classes,
            },
            "groups": [
                {"kind": one.kind, "name": one.name, "count": one.count, **_score(one.accuracy)} for one in found.groups
            ],
            "shortcuts": None if found.shortcuts is None else found.shortcuts.to_json(),
            "words": [one.to_json() for one in found.words],
            "cleaning": None
            if found.cleaning is None
            else {
                **asdict(found.cleaning),
                "before": _score(found.cleaning.before),
                "after": _score(found.cleaning.after),
                "verdict": str(*about((found.cleaning.verdict,), inspection.dataset.modality)),
            },
            "audit": inspection.to_json(),
            **notices_json(about((*found.notices, *self.notices), inspection.dataset.modality)),
            "files": list(self.files),
        }

    def counts(self) -> dict[str, int | None]:
        """How many of each kind were found; None for what was not looked for."""
        found, inspection = self.found, self.found.inspection
        near: dict[str, int | None] = {
            "near_duplicates": len(found.pairs.pairs),
            "near_duplicates_across_splits": sum(len(pair["parts"]) > 1 for pair in self.pairs_json()),
            "near_duplicates_across_labels": sum(len(set(pair["labels"])) > 1 for pair in self.pairs_json()),
            "near_duplicate_sets": len(inspection.copies),
        }
        if similarity_of(inspection.dataset.modality) is None:
            near = dict.fromkeys(near)
        return {
            "pictures": len(inspection.dataset),
            "unreadable": len(inspection.unreadable),
            "classes": len(inspection.dataset.classes),
            "exact_duplicate_sets": len(inspection.duplicates),
            **near,
            "label_errors": len(found.label_errors) if found.labels_reviewed else None,
            "outliers": len(found.outliers),
            **{kind: len(found.poor[kind]) for kind in found.poor},
        }

    def pairs_json(self) -> list[dict[str, Any]]:
        """Pairs of near copies: those in different parts first, then those with different labels, then the likest."""
        examples, pairs = self.found.inspection.dataset.examples, self.found.pairs
        rows = []
        for number, (one, other) in enumerate(pairs.pairs.places.tolist()):
            parts = sorted({examples[place].split or "" for place in (one, other)} - {""})
            rows.append(
                {
                    "one": examples[one].name,
                    "other": examples[other].name,
                    "parts": parts,
                    "across_splits": len(parts) > 1,
                    "labels": [examples[one].label, examples[other].label],
                    "distance": round(float(pairs.distances[number]), 4),
                    "hash_distance": int(pairs.bits[number]),
                    "likeness": round(float(pairs.pairs.similarity[number]), 3),
                    "mirrored": bool(pairs.pairs.mirrored[number]),
                }
            )
        return sorted(
            rows, key=lambda row: (-len(row["parts"]), row["labels"][0] == row["labels"][1], -row["likeness"])
        )

    def labels_json(self) -> list[dict[str, Any]]:
        """Likely label errors, the likeliest first; ``confidence`` is that of the suggested class, held out."""
        review = self.found.labels
        if review is None:
            return []
        dataset = self.found.inspection.dataset
        row_of = {int(position): row for row, position in enumerate(review.positions)}
        rows = []
        for position in self.found.label_errors.tolist():
            probabilities = review.held.probabilities[row_of[position]]
            best = int(probabilities.argmax())
            own = int(dataset.labels[position])
            rows.append(
                {
                    "path": dataset.examples[position].name,
                    "label": dataset.classes[own],
                    "suggested": dataset.classes[best],
                    "confidence": round(float(probabilities[best]), 4),
                    "own_probability": round(float(probabilities[own]), 4),
                    "part": dataset.examples[position].split,
                }
            )
        return rows

    def _name(self, position: int) -> str:
        return self.found.inspection.dataset.examples[position].name

    def _called(self, names: Sequence[str]) -> list[str]:
        """Name examples for people: a text in memory has no name that says anything, and is shown by its beginning."""
        dataset = self.found.inspection.dataset
        sources = {one.name: one.source for one in dataset.examples}
        return [f"{name} {beginning(text_of(sources[name], dataset.modality))}".rstrip() for name in names]

    def _copy_lines(self, texts: Texts) -> list[str]:
        pairs = self.pairs_json()
        if not pairs:
            looked = similarity_of(self.found.inspection.dataset.modality) is not None
            return [texts.say("studies.no_copies")] if looked else []
        rows = [texts.columns("studies.copies")]
        for pair in pairs[:MOST_LINES]:
            parts = " ".join(texts.name("data", f"part_{part}") for part in pair["parts"])
            rows.append(
                (
                    *self._called((pair["one"], pair["other"])),
                    parts,
                    f"{pair['distance']:.3f}",
                    str(pair["hash_distance"]),
                )
            )
        values = {"count": len(pairs), "across": sum(len(pair["parts"]) > 1 for pair in pairs)}
        head = texts.say("studies.pairs_across" if values["across"] else "studies.pairs", values)
        return [head, *indented(rows, (3, 4)), *_more(len(pairs), texts)]

    def _label_lines(self, texts: Texts) -> list[str]:
        if not self.found.labels_reviewed:
            return []  # a notice says why
        errors = self.labels_json()
        if not errors:
            return [texts.say("studies.no_label_errors")]
        rows, first = [texts.columns("studies.labels")], errors[:MOST_LINES]
        rows += [
            (name, one["label"], one["suggested"], f"{one['confidence']:.2f}")
            for name, one in zip(self._called([one["path"] for one in first]), first, strict=True)
        ]
        head = texts.say("studies.label_errors", {"count": len(errors)})
        return [head, *indented(rows, (3,)), *_more(len(errors), texts)]

    def _quality_lines(self, texts: Texts) -> list[str]:
        found = [(texts.say(f"page.issue.{kind}"), places) for kind, places in self.found.poor.items()]
        lines = [
            texts.say("studies.poor", {"count": len(places), "kind": kind, "names": list(map(self._name, places))})
            for kind, places in found
            if len(places)
        ]
        if len(self.found.outliers):
            names = self._called(list(map(self._name, self.found.outliers)))
            lines.append(texts.say("studies.outliers", {"count": len(names), "names": names}))
        return lines or [texts.say("studies.no_poor")]

    def _group_lines(self, texts: Texts) -> list[str]:
        worst = self.found.groups[:MOST_LINES]
        if not worst:
            return []
        rows = [("", *texts.columns("studies.groups"))]
        kinds = {one.kind: texts.name("page.group_kind", one.kind) for one in worst}
        rows += [(kinds[one.kind], one.name, str(one.count), str(one.accuracy)) for one in worst]
        return [
            texts.say("studies.worst_classes" if set(kinds) == {"class"} else "studies.worst"),
            *indented(rows, (2,)),
        ]


def _more(count: int, texts: Texts) -> list[str]:
    return [texts.say("studies.more", {"count": count - MOST_LINES})] if count > MOST_LINES else []


def _score(score: Any) -> dict[str, float]:  # noqa: ANN401 - Score
    return {"accuracy": round(score.value, 4), "low": round(score.low, 4), "high": round(score.high, 4)}
