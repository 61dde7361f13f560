"""What drove the result: the section on the measured effect of each factor."""

from collections.abc import Mapping, Sequence
from typing import Any

from headstart.metrics.values import Score
from headstart.reporting.page.blocks import Block, Column, Paragraph, Points, Section, Table, TableCell
from headstart.reporting.page.numbers import percent, percent_range, points, points_range
from headstart.reporting.page.values import Json, RunData, is_baseline, look_up, score_in, simple_baseline, trusted
from headstart.reporting.verdicts import factor_line
from headstart.runtime.catalogue import Texts


def factors_section(run: RunData | None, compare: Json | None, texts: Texts) -> Section:
    """Show what drove the result: the measured effect of each factor, from the arms that were run."""
    factors = look_up(compare, "factors") or []
    rows = [_factor_row(factor, texts) for factor in factors if factor.get("factor")]
    blocks: list[Block] = []
    if rows:
        columns = (Column(texts.say("page.column.factor"), number=False), Column(texts.say("page.column.effect")))
        blocks.append(Table(texts.say("page.factors.table"), columns, tuple(rows)))
        blocks += _sentences([factor for factor in factors if factor.get("factor")], texts)
    elif run is not None:
        measured = _measured_in_run(run, texts)
        columns = (Column(texts.say("page.column.factor"), number=False), Column(texts.say("page.column.effect")))
        if measured:
            blocks.append(Table(texts.say("page.factors.table_run"), columns, tuple(measured)))
        blocks.append(Paragraph(texts.say("page.factors.more"), "quiet"))
    return Section("factors", texts.say("page.section.factors"), tuple(blocks))


def _sentences(factors: Sequence[Mapping[str, Any]], texts: Texts) -> list[Block]:
    """Write what each effect is; those of an older comparison, which has no values for it, as it said them itself."""
    said = [factor_line(factor, texts) for factor in factors]
    quoted = [str(one["sentence"]) for one, own in zip(factors, said, strict=True) if not own and one.get("sentence")]
    blocks: list[Block] = [Points(tuple(filter(None, said)), "quiet")] if any(said) else []
    return [*blocks, Points(tuple(quoted), "quiet", "en")] if quoted else blocks


def _factor_row(factor: Mapping[str, Any], texts: Texts) -> tuple[TableCell, TableCell]:
    """Show a factor: what it is, and its effect, in points or, of the similarity, as a part of mistakes."""
    name = str(factor["factor"])
    title = texts.name("page.factor", name)
    if name == "strategy" and factor.get("arm"):
        title = texts.say("page.factors.strategy", {"factor": title, "arm": texts.name("page.arm", str(factor["arm"]))})
    first = TableCell(title, texts.find(f"page.about.{name}", ""))
    effect, low, high = (factor.get(end) for end in ("effect", "low", "high"))
    if not isinstance(effect, int | float):
        return first, TableCell(texts.say("page.factors.unmeasured"))
    known = isinstance(low, int | float) and isinstance(high, int | float)
    score = Score(float(effect), float(low or 0), float(high or 0))
    if name.startswith("similarity"):
        text, spread = texts.say("page.factors.mistakes", {"share": percent(score.value, 0)}), percent_range(score)
    else:
        text, spread = texts.say("page.factors.points", {"points": points(score.value)}), points_range(score)
    return first, TableCell(text, spread if known else "")


def _measured_in_run(run: RunData, texts: Texts) -> list[tuple[TableCell, TableCell]]:
    """Return what a run measures by itself: differences to its own baselines, on the same examples."""
    accuracy = score_in(run.metrics, "evaluation", "accuracy")
    if accuracy is None:
        return []
    probe = score_in(run.metrics, "baselines", "probe", "accuracy")
    paired = score_in(run.metrics, "moved", "difference")
    clean = trusted(run.metrics)
    name = simple_baseline(clean)
    arms, baseline = ("probe", name, "majority"), {"baseline": texts.name("page.baseline", name)}
    still, simple, majority = (score_in(clean, "baselines", arm, "accuracy") for arm in arms)
    frozen = still or score_in(clean, "evaluation", "accuracy") or accuracy

    def row(key: str, gain: float, spread: str = "") -> tuple[TableCell, TableCell]:
        effect = texts.say("page.factors.points", {"points": points(gain)})
        return TableCell(texts.say(f"page.factors.{key}", baseline)), TableCell(effect, spread)

    rows = []
    if probe is not None:
        rows.append(row("moving", accuracy.value - probe.value, "" if paired is None else points_range(paired)))
    if simple is not None and not is_baseline(run.metrics):
        rows.append(row("features", frozen.value - simple.value))
    if simple is not None and majority is not None:
        rows.append(row("baseline", simple.value - majority.value))
    heads = [one["accuracy"] for one in look_up(run.metrics, "head", "candidates") or []]
    if len(heads) > 1:
        rows.append(row("head", max(heads) - min(heads)))
    return rows
