"""What drove the result: the section on the measured effect of each factor."""

from collections.abc import Mapping
from typing import Any

from headstart.metrics.values import Score
from headstart.reporting.page.blocks import Block, Cell, Column, Paragraph, Points, Section, Table
from headstart.reporting.page.numbers import percent, percent_range, points, points_range
from headstart.reporting.page.texts import Texts
from headstart.reporting.page.values import Json, RunData, dig, score_in


def factors_section(run: RunData | None, compare: Json | None, texts: Texts) -> Section:
    """Show what drove the result: the measured effect of each factor, from the arms that were run."""
    factors = dig(compare, "factors") or []
    rows = [_factor_row(factor, texts) for factor in factors if factor.get("factor")]
    blocks: list[Block] = []
    if rows:
        columns = (Column(texts.say("column.factor"), number=False), Column(texts.say("column.effect")))
        blocks.append(Table(texts.say("factors.table"), columns, tuple(rows)))
        sentences = tuple(str(factor["sentence"]) for factor in factors if factor.get("sentence"))
        if sentences and texts.language == "en":  # the table says the same in every language
            blocks.append(Points(sentences, "quiet"))
    elif run is not None:
        measured = _measured_in_run(run, texts)
        columns = (Column(texts.say("column.factor"), number=False), Column(texts.say("column.effect")))
        if measured:
            blocks.append(Table(texts.say("factors.table_run"), columns, tuple(measured)))
        blocks.append(Paragraph(texts.say("factors.more"), "quiet"))
    return Section("factors", texts.say("section.factors"), tuple(blocks))


def _factor_row(factor: Mapping[str, Any], texts: Texts) -> tuple[Cell, Cell]:
    """Show a factor: what it is, and its effect, in points or, of the similarity, as a part of mistakes."""
    name = str(factor["factor"])
    first = Cell(texts.name("factor", name), texts.sentences.get(f"about.{name}", ""))
    effect, low, high = (factor.get(end) for end in ("effect", "low", "high"))
    if not isinstance(effect, int | float):
        return first, Cell(texts.say("factors.unmeasured"))
    known = isinstance(low, int | float) and isinstance(high, int | float)
    score = Score(float(effect), float(low or 0), float(high or 0))
    if name.startswith("similarity"):
        text, spread = texts.say("factors.mistakes", {"share": percent(score.value, 0)}), percent_range(score)
    else:
        text, spread = texts.say("factors.points", {"points": points(score.value)}), points_range(score)
    return first, Cell(text, spread if known else "")


def _measured_in_run(run: RunData, texts: Texts) -> list[tuple[Cell, Cell]]:
    """Give what a run measures by itself: differences to its own baselines, on the same pictures."""
    accuracy = score_in(run.metrics, "evaluation", "accuracy")
    rows: list[tuple[Cell, Cell]] = []
    if accuracy is None:
        return rows
    probe = score_in(run.metrics, "baselines", "probe", "accuracy")
    colours = score_in(run.metrics, "baselines", "colour_histogram", "accuracy")
    majority = score_in(run.metrics, "baselines", "majority", "accuracy")
    frozen = probe or accuracy
    if probe is not None:
        rows.append(
            (
                Cell(texts.say("factors.moving")),
                Cell(texts.say("factors.points", {"points": points(accuracy.value - probe.value)})),
            )
        )
    if colours is not None:
        rows.append(
            (
                Cell(texts.say("factors.features")),
                Cell(texts.say("factors.points", {"points": points(frozen.value - colours.value)})),
            )
        )
        if majority is not None:
            rows.append(
                (
                    Cell(texts.say("factors.colours")),
                    Cell(texts.say("factors.points", {"points": points(colours.value - majority.value)})),
                )
            )
    heads = dig(run.metrics, "head", "candidates") or []
    if len(heads) > 1:
        spread = max(one["accuracy"] for one in heads) - min(one["accuracy"] for one in heads)
        rows.append((Cell(texts.say("factors.head")), Cell(texts.say("factors.points", {"points": points(spread)}))))
    return rows
