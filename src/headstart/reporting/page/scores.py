"""Sections on how good a model is: scores, classes, confusions, probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from headstart.data.name_checks import natural_key
from headstart.metrics.classification.values import ReliabilityBin
from headstart.metrics.values import Score
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
from headstart.reporting.page.numbers import TO, count_text, decimal, percent, percent_range, plain_range
from headstart.reporting.page.summary import calibration_verdict
from headstart.reporting.page.values import Json, RunData, dig, score_in, simple_baseline, trusted
from headstart.reporting.plots.charts import Bar, interval_chart
from headstart.reporting.plots.reliability import calibrate_bin, reliability_chart
from headstart.reporting.plots.svg import to_svg
from headstart.runtime.catalogue import Texts

SHARES = ("accuracy", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1", "macro_roc_auc")
LOSSES = ("log_loss", "brier", "calibration_error")
LARGEST_MATRIX = 24  # classes: beyond, a matrix is a picture to look at, and the list below it says more
CONFUSIONS = 12


def scores_section(run: RunData, texts: Texts) -> Section:
    """Show every score beside those of the baselines."""
    columns = _columns(run.metrics)
    table = _score_table(columns, run.metrics, texts)
    bars = [
        Bar(_arm_name(arm, run.metrics, texts), score, 0 if arm == "model" else _BASELINE_HUES.get(arm, 1))
        for arm, found in columns.items()
        if (score := score_in(found, "accuracy")) is not None
    ]
    figure = _accuracy_figure(bars, run, texts) if bars else None
    blocks: list[Block] = [*_leak_notes(run.metrics, texts), Beside(figure, table) if figure else table]
    if dig(run.metrics, "evaluation", "groups"):
        values = {"count": count_text(run.metrics["evaluation"]["groups"])}
        blocks.append(Paragraph(texts.say("page.scores.groups", values), "quiet"))
    if run.folds:
        blocks.append(Paragraph(texts.say("page.scores.folds", {"folds": run.folds}), "quiet"))
    return Section("scores", texts.say("page.section.scores"), tuple(blocks))


_BASELINE_HUES: Mapping[str, int] = {"probe": 4, "majority": 2}


def _columns(metrics: Json) -> dict[str, Any]:
    baselines = dig(metrics, "baselines") or {}
    order = ("probe", simple_baseline(metrics), "majority")
    return {"model": metrics.get("evaluation"), **{name: baselines[name] for name in order if name in baselines}}


def _arm_name(arm: str, metrics: Json, texts: Texts) -> str:
    if arm != "model":
        return texts.name("page.baseline", arm)
    method = dig(metrics, "training", "method")
    return texts.say("page.scores.model_tuned", {"method": method}) if method else texts.say("page.scores.model")


def _accuracy_figure(bars: list[Bar], run: RunData, texts: Texts) -> Figure:
    rows = [
        (TableCell(bar.label), TableCell(percent(bar.score.value)), TableCell(percent_range(bar.score))) for bar in bars
    ]
    leaked = dig(run.metrics, "leaked", "count") or 0
    values = {
        "count": count_text(dig(run.metrics, "evaluation", "count") or 0),
        "folds": run.folds,
        "leaked": count_text(leaked),
    }
    key = "page.scores.figure_folds" if run.folds else "page.scores.figure_leaked" if leaked else "page.scores.figure"
    caption = texts.say(key, values)
    described = "; ".join(f"{bar.label}: {percent(bar.score.value)} ({percent_range(bar.score)})" for bar in bars)
    return Figure(
        "accuracy",
        caption,
        to_svg(interval_chart(bars), "accuracy", caption, described),
        Table(
            texts.say("page.scores.accuracy_table"),
            (
                Column(texts.say("page.column.arm"), number=False),
                Column(texts.say("page.score.accuracy")),
                Column(texts.say("page.column.interval")),
            ),
            tuple(rows),
        ),
    )


def _score_table(columns: Mapping[str, Any], metrics: Json, texts: Texts) -> Table:
    rows = []
    for name in _shown(columns["model"]):
        cells = [score_cell(score_in(found, name), share=name in SHARES) for found in columns.values()]
        note = texts.say("page.score.less") if name in LOSSES else ""
        rows.append((TableCell(texts.name("page.score", name), note), *cells))
        if name == "balanced_accuracy":
            rows += _top_rows(columns, texts)
    heads = tuple(Column(_arm_name(arm, metrics, texts)) for arm in columns)
    return Table(
        texts.say("page.scores.table"), (Column(texts.say("page.column.score"), number=False), *heads), tuple(rows)
    )


def _shown(evaluation: Any) -> list[str]:  # noqa: ANN401 - plain data
    """Name the scores to show: of classes those that say something of their own, of another task all."""
    found = [name for name in evaluation or {} if score_in(evaluation, name) is not None]
    return [name for name in (*SHARES, *LOSSES) if name in found] or found


def _top_rows(columns: Mapping[str, Any], texts: Texts) -> list[tuple[TableCell, ...]]:
    found = dig(columns["model"], "top_k") or {}
    return [
        (
            TableCell(texts.say("page.score.top", {"k": k})),
            *(score_cell(score_in(one, "top_k", k), share=True) for one in columns.values()),
        )
        for k in sorted(found, key=natural_key)
    ]


def score_cell(score: Score | None, *, share: bool) -> TableCell:
    """Write a score into a cell, its interval smaller.

    Examples
    --------
    >>> score_cell(Score(0.5, 0.4, 0.6), share=False).text, score_cell(None, share=True).text
    ('0.500', '–')
    """
    if score is None:
        return TableCell(TO)
    if share:
        return TableCell(percent(score.value), percent_range(score), score.value)
    return TableCell(decimal(score.value), plain_range(score), score.value)


def _leak_notes(metrics: Json, texts: Texts) -> list[Block]:
    count = dig(metrics, "leaked", "count") or 0
    if not count:
        return []
    clean = score_in(metrics, "leaked", "evaluation_without", "accuracy")
    if clean is None:
        return [Paragraph(texts.say("page.problem.all_leaked"), "warning")]
    values = {"count": count_text(count), "accuracy": percent(clean.value), "range": percent_range(clean)}
    return [Paragraph(texts.say("page.scores.leak", values), "warning")]


def classes_section(run: RunData, texts: Texts) -> Section:
    """Show one row per class; it can be sorted by every column."""
    rows = []
    for row in dig(run.metrics, "evaluation", "per_class") or []:
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
    classes = dig(run.metrics, "evaluation", "classes") or []
    counts = dig(run.metrics, "evaluation", "confusion") or []
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
    bins = [ReliabilityBin(**row) for row in dig(metrics, "evaluation", "reliability") or []]
    blocks: list[Block] = [said]
    if metrics is not run.metrics:
        values = {"count": count_text(dig(metrics, "leaked", "count"))}
        blocks.append(Paragraph(texts.say("page.calibration.without_leaked", values), "quiet"))
    blocks += [_reliability(bins, metrics, texts)] if bins else []
    return Section("calibration", texts.say("page.section.calibration"), tuple(blocks))


def _reliability(bins: list[ReliabilityBin], metrics: Json, texts: Texts) -> Beside:
    rows = [calibrate_bin(row, independent=not dig(metrics, "evaluation", "groups")) for row in bins]
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
