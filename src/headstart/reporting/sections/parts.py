"""What a run brings to its page whose answers are parts of texts: scores, kinds, and the worst mistakes as texts."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from headstart.reporting.page.blocks import (
    Block,
    Column,
    Marked,
    MarkedText,
    Paragraph,
    Section,
    Table,
    TableCell,
    Tile,
)
from headstart.reporting.page.numbers import count_text, percent, percent_range
from headstart.reporting.page.scores import score_cell
from headstart.reporting.page.values import Json, PageData, RunData, look_up, score_in
from headstart.reporting.sections.base import TaskReport
from headstart.runtime.catalogue import Texts

NAMES = ("exact", "f1", "precision", "recall")


class PartsReport(TaskReport):
    """The parts of a report of texts whose answers are parts of them."""

    alone = True

    def headlines(self, evaluation: Json) -> list[str]:
        """Return the names of the scores, the first one first."""
        return [name for name in NAMES if name in evaluation]

    def summarise(self, page: PageData, run: RunData, texts: Texts) -> tuple[str, ...]:
        """Say how good the model and the simpler ones are, and whether moving weights helped."""
        found = {"model": run.metrics.get("evaluation") or {}, **(run.metrics.get("others") or {})}
        lead = texts.say(f"workflows.parts_scored_{run.task}", {"count": look_up(found["model"], "count") or 0})
        said = [lead]
        for arm, one in found.items():
            scores = [f"{texts.say(f'workflows.part_{name}')} {score_in(one, name)}" for name in self.headlines(one)]
            said.append(f"{_arm(arm, run, texts)}: {texts.join(scores, 'comma')}")
        if look_up(run.metrics, "training", "share") == 0 and "probe" in found:
            said.append(texts.say("finetuning.probe_kept"))
        return tuple(said)

    def tiles(self, run: RunData, texts: Texts) -> tuple[Tile, ...]:
        """Return the scores, and how many texts there were."""
        found = run.metrics.get("evaluation") or {}
        scores = [(name, score) for name in self.headlines(found) if (score := score_in(found, name)) is not None]
        tiles = [
            Tile(
                texts.say(f"workflows.part_{name}"), percent(score.value), percent_range(score) + "\N{NO-BREAK SPACE}%"
            )
            for name, score in scores
        ]
        fitted, scored = (count_text(look_up(run.metrics, "counts", part) or 0) for part in ("fit", "score"))
        note = texts.say("page.tile.pictures_note", {"count": scored})
        return (*tiles, Tile(texts.say("page.tile.pictures"), fitted, note))

    def sections(self, page: PageData, run: RunData) -> dict[str, Callable[[Texts], Section]]:
        """Return the sections on scores and on mistakes."""
        return {"scores": partial(_scores_section, run), "mistakes": partial(_mistakes_section, run)}


def _arm(arm: str, run: RunData, texts: Texts) -> str:
    names = {"model": "page.scores.model", "probe": "workflows.parts_probe"}
    return texts.say(names.get(arm, f"workflows.parts_{arm}_{run.task}"))


def _scores_section(run: RunData, texts: Texts) -> Section:
    """Show every score with its interval beside those of simpler models, and the kinds of entities."""
    columns: Mapping[str, Any] = {"model": run.metrics.get("evaluation"), **(run.metrics.get("others") or {})}
    rows = tuple(
        (
            TableCell(texts.say(f"workflows.part_{name}")),
            *(score_cell(score_in(found, name), share=True) for found in columns.values()),
        )
        for name in NAMES
        if score_in(columns["model"], name) is not None
    )
    heads = Column(texts.say("page.column.score"), number=False), *(Column(_arm(one, run, texts)) for one in columns)
    blocks: list[Block] = [Table(texts.say("page.scores.table"), heads, rows)]
    kinds = look_up(run.metrics, "evaluation", "kinds")
    if kinds:
        names = [texts.say(f"workflows.part_{name}") for name in ("kind", "precision", "recall", "f1", "entities")]
        own = tuple(
            (
                TableCell(kind),
                *(TableCell(percent(share), value=share) for share in shares),
                TableCell(count_text(count), value=float(count)),
            )
            for kind, (*shares, count) in kinds.items()
        )
        heads = tuple(Column(name, number=place > 0) for place, name in enumerate(names))
        blocks.append(Table(texts.say("page.parts.kinds"), heads, own, sortable=True))
    return Section("scores", texts.say("page.section.scores"), tuple(blocks))


def _mistakes_section(run: RunData, texts: Texts) -> Section:
    """Show the worst mistakes: the text twice, with what was right and with what was said between marks."""
    shown: Sequence[Json] = look_up(run.metrics, "mistakes", "shown") or []
    values = {"shown": len(shown), "count": count_text(look_up(run.metrics, "mistakes", "count") or 0)}
    blocks: list[Block] = [Paragraph(texts.say("page.parts.mistakes" if shown else "page.parts.no_mistakes", values))]
    for one in shown:
        rows = [
            MarkedText(texts.say(f"workflows.parts_{name}"), tuple((text, kind) for text, kind in one[name]))
            for name in ("right", "said")
        ]
        blocks.append(Marked(" · ".join(filter(None, (one["name"], one.get("asked")))), tuple(rows)))
    return Section("mistakes", texts.say("workflows.parts_worst"), tuple(blocks))
