"""What the transfer was worth: the section on ``compare.json``, and what drove the result."""

from collections.abc import Mapping
from typing import Any

from headstart.metrics.values import Score
from headstart.reporting.page.blocks import (
    Beside,
    Block,
    Column,
    Figure,
    Key,
    Paragraph,
    Section,
    Table,
    TableCell,
)
from headstart.reporting.page.notices import notice_blocks
from headstart.reporting.page.numbers import TO, count_text, p_text, percent, percent_range, points, points_range
from headstart.reporting.page.values import Json, look_up, score_in
from headstart.reporting.plots.charts import Curve, shots_chart
from headstart.reporting.plots.drawing import Marker
from headstart.reporting.plots.svg import to_svg
from headstart.reporting.verdicts import multiplier_of, multiplier_text, out_of_reach, transfer_verdicts
from headstart.runtime.catalogue import Texts

# Of each arm: the number of its colour, the shape of its points, whether its line is dashed (no pretrained network).
STYLES: Mapping[str, tuple[int, Marker, bool]] = {
    "probe": (0, "circle", False),
    "lpft": (3, "square", False),
    "full": (4, "diamond", False),
    "scratch": (5, "square", True),
    "matched": (7, "diamond", True),
    "zero_shot": (7, "triangle", False),
    "stacked": (5, "diamond", False),
    "lora": (3, "diamond", False),
    "random": (6, "triangle", True),
    "majority": (2, "none", True),
}
GAIN_COLUMNS = ("arm", "shots", "gain", "fewer_mistakes", "labels", "p")


def best_gain(compare: Json | None) -> Json | None:
    """Find the gain to speak of: the largest; where transfer only hurts, the smallest. None without any.

    Examples
    --------
    >>> gains = [{"arm": "probe", "shots": "1", "value": v, "low": v - 0.1, "high": v + 0.1} for v in (0.1, 0.4)]
    >>> best_gain({"gain": gains})["value"]
    0.4
    """
    gains = [gain for gain in look_up(compare, "gain") or [] if score_in(gain) is not None]
    if not gains:
        return None
    hurts = [gain for gain in gains if gain["high"] < 0]
    open_or_better = len(hurts) < len(gains)
    chosen = max(gains, key=_value) if open_or_better else min(gains, key=_value)
    return {**chosen, "multiplier": multiplier_of(compare or {}, chosen)}


def _value(gain: Json) -> float:
    return float(gain["value"])


def shots_text(shots: int | str, texts: Texts) -> str:
    """Write how many examples per class there were."""
    key = {"all": "all", "1": "one"}.get(str(shots), "some")
    return texts.say(f"page.shots.{key}", {"count": shots})


def transfer_section(compare: Json, texts: Texts) -> Section:
    """Show the learning curves of all arms, what the pretrained ones gain, and the verdict."""
    hurts = any(gain["high"] < 0 for gain in compare.get("gain") or [] if score_in(gain) is not None)
    blocks: list[Block] = [
        Paragraph(sentence, "warning" if hurts else "plain") for sentence in transfer_verdicts(compare, texts)
    ]
    curves = compare.get("curves") or []
    gains = _gain_table(compare, texts)
    if curves:
        figure = _curves_figure(compare, curves, texts)
        narrow = gains.rows and len(gains.columns) < len(GAIN_COLUMNS)
        blocks += [Beside(figure, gains)] if narrow else [figure, gains] if gains.rows else [figure]
    if gains.rows:
        blocks.append(Paragraph(texts.say("page.transfer.note"), "quiet"))
    blocks += notice_blocks((compare,), texts)
    return Section("transfer", texts.say("page.section.transfer"), tuple(blocks))


def _point_score(point: Json, metric: str) -> Score:
    return Score(point[metric], point["low"], point["high"])


def style_of(arm: str) -> tuple[int, Marker, bool]:
    """Return how an arm is drawn; one that is not known is the baseline of a modality."""
    return STYLES.get(arm, (1, "diamond", True))


def _curves_figure(compare: Json, points_found: list[Json], texts: Texts) -> Figure:
    arms = list(dict.fromkeys(point["arm"] for point in points_found))
    curves, metric = [], compare.get("metric", "accuracy")
    for arm in arms:
        own = [point for point in points_found if point["arm"] == arm]
        values = tuple((point["examples_per_class"], point[metric]) for point in own)
        band = tuple((point["low"], point["high"]) for point in own)
        curves.append(Curve(texts.name("page.arm", arm), values, *style_of(arm), band))
    sizes = {str(point["shots"]): point["examples_per_class"] for point in points_found}
    ticks = [(size, texts.say("page.shots.word_all") if name == "all" else name) for name, size in sizes.items()]
    caption = texts.say("page.transfer.figure", {"count": count_text(compare.get("scored") or 0)})
    ends = [f"{curve.label}: {percent(curve.points[-1][1])}" for curve in curves]
    described = texts.say("page.transfer.description", {"ends": "; ".join(ends)})
    chart = shots_chart(curves, _without_crowding(ticks), texts.say("page.axis.shots"), texts.name("page.axis", metric))
    rows = tuple(
        (TableCell(texts.name("page.arm", arm)), *(_curve_cell(points_found, arm, shots, metric) for shots in sizes))
        for arm in arms
    )
    heads = [Column(texts.say("page.shots.word_all") if shots == "all" else shots) for shots in sizes]
    return Figure(
        "transfer",
        caption,
        to_svg(chart, "transfer", caption, described),
        Table(texts.say("page.transfer.table"), (Column(texts.say("page.column.arm"), number=False), *heads), rows),
        tuple(
            Key(curve.label, curve.hue, style_of(arm)[1], curve.dashed) for arm, curve in zip(arms, curves, strict=True)
        ),
    )


def _without_crowding(ticks: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Leave out the name of a size that lies close before the next one: on the axis they would overlap."""
    ticks = sorted(ticks)
    kept = [ticks[-1]]
    for size, name in reversed(ticks[:-1]):
        if kept[-1][0] / size >= 1.35:
            kept.append((size, name))
    return kept[::-1]


def _curve_cell(found: list[Json], arm: str, shots: str, metric: str) -> TableCell:
    for point in found:
        if (point["arm"], str(point["shots"])) == (arm, shots):
            score = _point_score(point, metric)
            return TableCell(percent(score.value), percent_range(score), score.value)
    return TableCell(TO)


def _gain_table(compare: Json, texts: Texts) -> Table:
    """Show every gain; of a single pair of arms the caption names them, and the table stays narrow."""
    gains = [gain for gain in compare.get("gain") or [] if score_in(gain) is not None]
    pairs = list(dict.fromkeys((gain["arm"], gain["against"]) for gain in gains))
    values = (
        {"arm": texts.name("page.arm", pairs[0][0]), "against": texts.name("page.arm", pairs[0][1])} if pairs else {}
    )
    one = len(pairs) == 1
    caption = texts.say("page.transfer.gains_of", values) if one else texts.say("page.transfer.gains")
    names = GAIN_COLUMNS[1:] if one else GAIN_COLUMNS
    columns = tuple(Column(texts.say(f"page.column.{name}"), number=name != "arm") for name in names)
    rows = tuple(_gain_row(gain, compare, texts)[1 if one else 0 :] for gain in gains)
    return Table(caption, columns, rows)


def _gain_row(gain: Json, compare: Json, texts: Texts) -> tuple[TableCell, ...]:
    score, fewer, p = score_in(gain), gain.get("error_reduction"), gain.get("p")
    assert score is not None, "gains without a value were left out"
    return (
        TableCell(
            texts.name("page.arm", gain["arm"]),
            texts.say("page.transfer.over", {"arm": texts.name("page.arm", gain["against"])}),
        ),
        TableCell(texts.say("page.shots.word_all") if gain["shots"] == "all" else str(gain["shots"])),
        TableCell(points(score.value), points_range(score), score.value),
        TableCell(TO if fewer is None else percent(fewer, 0)),
        TableCell(_times(multiplier_of(compare, gain), texts)),
        TableCell(TO if p is None else p_text(p)),
    )


def _times(multiplier: Mapping[str, Any] | None, texts: Texts) -> str:
    """Write how many times the labels the other arm needs."""
    if multiplier is None:
        return TO
    if out_of_reach(multiplier):
        return texts.say("page.transfer.never")
    return texts.say("page.transfer.times", {"times": multiplier_text(multiplier, texts)})
