"""A ranking of encoders, for people and as plain data."""

from dataclasses import asdict, dataclass
from typing import Any

from headstart.encoders.memory_probe import megabytes_at_work
from headstart.encoders.spec import Encoder
from headstart.modalities.base import DEFAULT, modality_json
from headstart.reporting.tables import indented
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding, sentences
from headstart.studies.rank import Ranking, Scored, Standing


@dataclass(frozen=True, slots=True)
class Cost:
    """What an encoder costs, and what is published about it.

    Attributes
    ----------
    milliseconds
        For each example on this machine.
    megabytes
        Of its file.
    memory_megabytes
        What encoding eight examples at a time adds to a process; None where it was not measured.
    dimension
        Numbers in a feature vector.
    top1
        Published accuracy on ImageNet in percent, or None.
    """

    milliseconds: float
    megabytes: float
    memory_megabytes: float | None
    dimension: int
    top1: float | None


def cost_of(encoder: Encoder, milliseconds: float, top1: float | None) -> Cost:
    """Describe what an encoder costs, from the time it took for an example and the file it runs from."""
    files = getattr(encoder, "files", None)
    file = (files.graph or files.weights) if files is not None else None
    memory = megabytes_at_work(files, encoder.spec.preprocessing) if files is not None else None
    return Cost(milliseconds, file.stat().st_size / 1e6 if file else 0.0, memory, encoder.spec.dimension, top1)


@dataclass(frozen=True, slots=True)
class RankReport:
    """A ranking with what each encoder costs.

    Attributes
    ----------
    ranking
        The encoders, the best first.
    costs
        By name.
    examples, groups
        How many examples were learned from, and how many groups they form.
    findings
        What the user should know.
    modality
        The kind of examples.
    """

    ranking: Ranking
    costs: dict[str, Cost]
    examples: int
    groups: int
    findings: tuple[Finding, ...] = ()
    metric: str = "accuracy"
    modality: str = DEFAULT

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        texts = texts.for_modality(self.modality)
        before, behind = texts.columns("studies.ranking"), texts.columns("studies.ranking_costs")
        measures = [texts.name("studies.measure", name) for name in self.ranking.scored[0].measures]
        head = ("", *before, *measures, *behind)
        rows = [
            _cells(one, stands, self.costs[one.name])
            for one, stands in zip(self.ranking.scored, self.ranking.standings, strict=True)
        ]
        kept = [place for place, cells in enumerate(zip(head, *rows, strict=True)) if any(cells[1:])]
        table = [tuple(row[place] for place in kept) for row in (head, *rows)]
        grouped = self.groups != self.examples
        values = {"count": self.examples, "groups": self.groups}
        return [
            texts.say("studies.ranked_groups" if grouped else "studies.ranked", values),
            *indented(table, right=(0, *range(5, len(kept)))),
            *self.verdicts(texts),
            *sentences(self.findings, texts),
        ]

    def verdicts(self, texts: Texts = ENGLISH) -> list[str]:
        """Write what the order is worth: whom the winner beats, who cannot be told apart, what ImageNet alone says."""
        best = self.ranking.scored[0].name
        lines = []
        beaten = [pair.other for pair in self.ranking.pairs if pair.better == best and pair.told_apart]
        if beaten:
            lines.append(texts.say("studies.better", {"best": best, "others": beaten}))
        ties = (pair for pair in self.ranking.pairs if not pair.told_apart)
        lines += [texts.say("studies.tie", asdict(pair)) for pair in ties]
        known = [(cost.top1, name) for name, cost in self.costs.items() if cost.top1 is not None]
        if len(known) > 1:
            order = [name for _, name in sorted(known, reverse=True)]
            here = [one.name for one in self.ranking.scored if one.name in order]
            lines.append(texts.say("studies.same_order" if order == here else "studies.other_order", {"names": order}))
        return lines

    def to_json(self) -> list[dict[str, Any]]:
        """Return plain data: one object per encoder, the best first."""
        rows = []
        for one, stands in zip(self.ranking.scored, self.ranking.standings, strict=True):
            ties = [pair for pair in self.ranking.pairs if one.name in (pair.better, pair.other)]
            rows.append(
                {
                    "encoder": one.name,
                    "rank": stands.rank,
                    self.metric: asdict(stands.accuracy),
                    "ranks": [stands.rank_low, stands.rank_high],
                    "first": stands.first,
                    **one.measures,
                    **asdict(self.costs[one.name]),
                    "pairs": [asdict(pair) | {"told_apart": pair.told_apart} for pair in ties],
                }
            )
        return rows

    def to_study(self) -> dict[str, Any]:
        """Return plain data for ``rank.json``."""
        return {**modality_json(self.modality), "ranking": self.to_json()}


def _cells(one: Scored, stands: Standing, cost: Cost) -> tuple[str, ...]:
    low, high = stands.rank_low, stands.rank_high
    return (
        str(stands.rank),
        one.name,
        str(stands.accuracy),
        str(low) if low == high else f"{low}-{high}",
        f"{100 * stands.first:.0f} %",
        *(f"{value:.{2 if name == 'h_score' else 3}f}" for name, value in one.measures.items()),
        "" if cost.top1 is None else f"{cost.top1:.1f}",
        f"{cost.milliseconds:.1f}",
        f"{cost.megabytes:.0f}",
        "" if cost.memory_megabytes is None else f"{cost.memory_megabytes:.0f}",
    )
