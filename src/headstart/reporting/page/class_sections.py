"""Sections on how good a model is for classes: one by one, their confusions, and what probabilities are worth."""

from collections.abc import Sequence
from dataclasses import replace

from headstart.metrics.classification.values import ReliabilityBin
from headstart.reporting.page.blocks import (
    Beside,
    Block,
    Column,
    Figure,
    Matrix,
    MatrixCell,
    Paragraph,
    Section,
    Table,
    TableCell,
)
from headstart.reporting.page.class_summary import calibration_verdict
from headstart.reporting.page.numbers import count_text, percent, percent_range
from headstart.reporting.page.scores import score_cell
from headstart.reporting.page.values import Json, RunData, look_up, score_in, trusted
from headstart.reporting.plots.reliability import calibrate_bin, reliability_chart
from headstart.reporting.plots.svg import to_svg
from headstart.runtime.catalogue import Texts

LARGEST_MATRIX = 24  # classes: beyond, a matrix is an example to look at, and the list below it says more
CONFUSIONS = 12


def classes_section(run: RunData, texts: Texts) -> Section:
    """Show one row per class; it can be sorted by every column."""
    rows = []
    for row in look_up(run.metrics, "evaluation", "per_class") or []:
        fitted = run.counts.fitted.get(row["name"], 0)
        counts = [TableCell(count_text(number), value=float(number)) for number in (fitted, row["support"])]
        scores = [score_cell(score_in(row, name), share=True) for name in ("recall", "precision", "f1", "roc_auc")]
        scores[0] = replace(scores[0], bar=score_in(row, "recall"))
        rows.append((TableCell(row["name"]), *counts, *scores))
    names = ("class", "fitted", "scored", "recall", "precision", "f1", "roc_auc")
    columns = tuple(Column(texts.say(f"page.column.{name}"), number=name != "class") for name in names)
    table = Table(texts.say("page.classes.table"), columns, tuple(rows), sortable=True)
    return Section(
        "classes", texts.say("page.section.classes"), (Paragraph(texts.say("page.classes.lead"), "quiet"), table)
    )


def confusion_section(run: RunData, texts: Texts) -> Section:
    """Show which classes are taken for which."""
    classes = look_up(run.metrics, "evaluation", "classes") or []
    counts = look_up(run.metrics, "evaluation", "confusion") or []
    kept = list(range(len(classes)))
    blocks: list[Block] = []
    if len(classes) > LARGEST_MATRIX:
        kept = _most_confused(counts)
        values = {"shown": count_text(len(kept)), "count": count_text(len(classes))}
        blocks.append(Paragraph(texts.say("page.confusion.some", values), "quiet"))
    blocks.append(Paragraph(texts.say("page.confusion.lead"), "quiet"))
    matrix = Matrix(
        texts.say("page.confusion.caption"),
        texts.say("page.confusion.corner"),
        tuple(classes[number] for number in kept),
        tuple(tuple(_matrix_cell(counts, row, column) for column in kept) for row in kept),
    )
    pairs = _confusions(classes, counts, texts)
    blocks.append(Beside(matrix, pairs if pairs.rows else Paragraph(texts.say("page.confusion.none"), "good")))
    return Section("confusions", texts.say("page.section.confusions"), tuple(blocks))


def _most_confused(counts: Sequence[Sequence[int]]) -> list[int]:
    """Choose the classes with the most mistakes, those taken for others and those that others are taken for."""
    wrong = [
        sum(row) - row[number] + sum(other[number] for other in counts) - row[number]
        for number, row in enumerate(counts)
    ]
    return sorted(sorted(range(len(counts)), key=lambda number: -wrong[number])[:LARGEST_MATRIX])


def _matrix_cell(counts: Sequence[Sequence[int]], row: int, column: int) -> MatrixCell:
    count = counts[row][column]
    # The root makes a rare confusion visible beside a common one.
    shade = 0 if count == 0 else max(1, round(10 * (count / sum(counts[row])) ** 0.5))
    return MatrixCell(count, shade, row == column)


def _confusions(classes: Sequence[str], counts: Sequence[Sequence[int]], texts: Texts) -> Table:
    pairs = sorted(
        (
            (-count, row, column)
            for row, line in enumerate(counts)
            for column, count in enumerate(line)
            if row != column and count
        )
    )[:CONFUSIONS]
    rows = tuple(
        (
            TableCell(classes[row]),
            TableCell(classes[column]),
            TableCell(
                texts.say("page.confusion.of", {"number": count_text(-count), "count": count_text(sum(counts[row]))})
            ),
        )
        for count, row, column in pairs
    )
    names = (("true", False), ("predicted", False), ("count", True))
    columns = tuple(Column(texts.say(f"page.column.{name}"), number=number) for name, number in names)
    return Table(texts.say("page.confusion.pairs"), columns, rows)


def calibration_section(run: RunData, texts: Texts) -> Section:
    """Show whether 80 % means 80 %."""
    metrics = trusted(run.metrics)
    error = score_in(metrics, "evaluation", "calibration_error")
    verdict = calibration_verdict(metrics)
    values = {"error": percent(error.value), "range": percent_range(error)} if error else {}
    said = Paragraph(
        texts.say(f"page.calibration.{verdict}", values), "plain" if verdict in ("fine", "unknown") else "warning"
    )
    bins = [ReliabilityBin(**row) for row in look_up(metrics, "evaluation", "reliability") or []]
    blocks: list[Block] = [said]
    if metrics is not run.metrics:
        values = {"count": count_text(look_up(metrics, "leaked", "count"))}
        blocks.append(Paragraph(texts.say("page.calibration.without_leaked", values), "quiet"))
    blocks += [_reliability(bins, metrics, texts)] if bins else []
    return Section("calibration", texts.say("page.section.calibration"), tuple(blocks))


def _reliability(bins: list[ReliabilityBin], metrics: Json, texts: Texts) -> Beside:
    rows = [calibrate_bin(row, independent=not look_up(metrics, "evaluation", "groups")) for row in bins]
    odd = sum(bool(row.verdict) for row in rows)
    cells = tuple(
        (
            TableCell(percent(row.row.confidence)),
            TableCell(percent(row.row.accuracy), percent_range(row.interval) if row.interval else ""),
            TableCell(count_text(row.row.count)),
            *([TableCell(texts.say(f"page.calibration.bin_{row.verdict}") if row.verdict else "")] if odd else []),
        )
        for row in rows
    )
    names = ("confidence", "right", "pictures", *(["verdict"] if odd else []))
    columns = tuple(Column(texts.say(f"page.column.{name}"), number=name != "verdict") for name in names)
    caption = texts.say("page.calibration.figure")
    described = texts.say("page.calibration.description", {"bins": len(rows), "odd": odd})
    chart = reliability_chart(rows, texts.say("page.axis.confidence"), texts.say("page.axis.right"))
    figure = Figure("reliability", caption, to_svg(chart, "reliability", caption, described))
    bars = any(row.interval for row in rows)
    return Beside(
        figure, Table(texts.say("page.calibration.table_bars" if bars else "page.calibration.table"), columns, cells)
    )
