"""The section on how the weights moved, from ``history.csv``."""

from collections.abc import Mapping, Sequence

from headstart.reporting.page.blocks import Block, Column, Facts, Figure, Key, Paragraph, Section, Table, TableCell
from headstart.reporting.page.numbers import TO, count_text, decimal, percent
from headstart.reporting.page.values import RunData, look_up
from headstart.reporting.plots.charts import Curve, Panel, curves_chart
from headstart.reporting.plots.drawing import Marker
from headstart.reporting.plots.svg import to_svg
from headstart.runtime.catalogue import Texts

Row = Mapping[str, float | None]


def training_section(run: RunData, texts: Texts) -> Section:
    """Show the learning curves, what moved, and what was chosen."""
    blocks: list[Block] = []
    share = look_up(run.metrics, "training", "share")
    validated = look_up(run.metrics, "training", "validated")
    if share is not None and validated and len(look_up(run.metrics, "training", "shares") or []) > 1:
        key = "page.training.kept_probe" if share == 0 else "page.training.chosen"
        values = {"share": percent(share, 0), "count": count_text(validated)}
        blocks.append(Paragraph(texts.say(key, values)))
    blocks += [_figure(run, texts), _facts(run, texts)]
    return Section("training", texts.say("page.section.training"), tuple(blocks))


def _curves(history: Sequence[Row], column: str, texts: Texts) -> list[Curve]:
    found = []
    for number, (name, label, dashed) in enumerate(
        ((column, "fit", False), (f"validation_{column}", "validation", True))
    ):
        points = [(row.get("epoch"), row.get(name)) for row in history]
        known = [(epoch, value) for epoch, value in points if epoch is not None and value is not None]
        if known:
            marker: Marker = "square" if number else "circle"
            found.append(Curve(texts.say(f"page.training.{label}"), tuple(known), number, marker, dashed))
    return found


def _figure(run: RunData, texts: Texts) -> Figure:
    losses, accuracies = (_curves(run.history, column, texts) for column in ("loss", "accuracy"))
    best = int(look_up(run.metrics, "training", "best_epoch") or 0)
    caption = texts.say("page.training.figure")
    described = texts.say("page.training.description", {"epochs": len(run.history)})
    epoch = texts.say("page.axis.epoch")
    panels = (
        Panel(epoch, texts.say("page.axis.loss"), tuple(losses), best or None),
        Panel(epoch, texts.say("page.axis.accuracy"), tuple(accuracies), best or None, share=True),
    )
    names = ("epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "seconds")
    columns = tuple(Column(texts.say(f"page.column.{name}")) for name in names)
    rows = tuple(tuple(_cell(name, row.get(name)) for name in names) for row in run.history)
    keys = [Key(curve.label, curve.hue, "square" if curve.dashed else "circle", curve.dashed) for curve in losses]
    return Figure(
        "training",
        caption,
        to_svg(curves_chart(panels), "training", caption, described),
        Table(texts.say("page.training.table"), columns, rows, mark=best - 1),
        tuple(keys),
    )


def _cell(name: str, value: float | None) -> TableCell:
    if value is None:
        return TableCell(TO)
    if "accuracy" in name:
        return TableCell(percent(value))
    return TableCell(count_text(value) if name == "epoch" else decimal(value, 1 if name == "seconds" else 3))


def _facts(run: RunData, texts: Texts) -> Facts:
    training, metrics = look_up(run.metrics, "training") or {}, run.metrics
    moved, whole = metrics.get("trained_parameters"), metrics.get("parameters")
    rows = [
        (texts.say("page.training.method"), str(training.get("method") or "")),
        (
            texts.say("page.training.parameters"),
            texts.say("page.training.of", {"moved": count_text(moved), "whole": count_text(whole)})
            if moved and whole
            else "",
        ),
        (texts.say("page.training.rate"), f"{training['rate']:.1e}" if training.get("rate") else ""),
        (texts.say("page.training.batch"), str(training.get("batch_size") or "")),
        (texts.say("page.training.seconds"), f"{training['seconds']:.0f} s" if training.get("seconds") else ""),
    ]
    return Facts(tuple(row for row in rows if row[1]))
