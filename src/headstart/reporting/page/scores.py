"""The section on how good a model is: its scores beside those of the baselines."""

from collections.abc import Mapping
from typing import Any

from headstart.data.name_checks import natural_key
from headstart.metrics.values import Score
from headstart.reporting.page.blocks import Beside, Block, Column, Figure, Paragraph, Section, Table, TableCell
from headstart.reporting.page.numbers import TO, PageText, count_text, decimal, percent, percent_range, plain_range
from headstart.reporting.page.values import Json, RunData, look_up, score_in, simple_baseline
from headstart.reporting.page.words import half_blocks, words_blocks
from headstart.reporting.plots.charts import Bar, interval_chart
from headstart.reporting.plots.svg import to_svg
from headstart.runtime.catalogue import Texts
from headstart.tasks.base import load_task


def scores_section(run: RunData, texts: Texts) -> Section:
    """Show every score beside those of the baselines."""
    columns, metric = _columns(run.metrics), load_task(run.task).metrics
    table = _score_table(columns, run, texts)
    bars = [
        Bar(_arm_name(arm, run.metrics, texts), score, 0 if arm == "model" else _BASELINE_HUES.get(arm, 1))
        for arm, found in columns.items()
        if (score := score_in(found, metric.name)) is not None
    ]
    figure = _accuracy_figure(bars, run, texts) if bars and metric.name in metric.shares else None
    blocks: list[Block] = [*_leak_notes(run, texts), Beside(figure, table) if figure else table]
    blocks += half_blocks(run.metrics, texts)
    if look_up(run.metrics, "evaluation", "groups"):
        values = {"count": PageText(count_text(run.metrics["evaluation"]["groups"]))}
        blocks.append(Paragraph(texts.say("reporting.groups", values).strip(), "quiet"))
    if run.folds:
        blocks.append(Paragraph(texts.say("page.scores.folds", {"folds": run.folds}), "quiet"))
    words = look_up(run.metrics, "words") or {}
    blocks += words_blocks({name: [str(term) for term, _ in own] for name, own in words.items()}, "heaviest", texts)
    return Section("scores", texts.say("page.section.scores"), tuple(blocks))


_BASELINE_HUES: Mapping[str, int] = {"probe": 4, "majority": 2}


def _columns(metrics: Json) -> dict[str, Any]:
    baselines = look_up(metrics, "baselines") or {}
    order = ("probe", simple_baseline(metrics), "majority")
    return {"model": metrics.get("evaluation"), **{name: baselines[name] for name in order if name in baselines}}


def _arm_name(arm: str, metrics: Json, texts: Texts) -> str:
    if arm != "model":
        return texts.name("page.baseline", arm)
    method = look_up(metrics, "training", "method")
    return texts.say("page.scores.model_tuned", {"method": method}) if method else texts.say("page.scores.model")


def _accuracy_figure(bars: list[Bar], run: RunData, texts: Texts) -> Figure:
    rows = [
        (TableCell(bar.label), TableCell(percent(bar.score.value)), TableCell(percent_range(bar.score))) for bar in bars
    ]
    leaked = look_up(run.metrics, "leaked", "count") or 0
    values = {
        "count": count_text(look_up(run.metrics, "evaluation", "count") or 0),
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


def _score_table(columns: Mapping[str, Any], run: RunData, texts: Texts) -> Table:
    """Show the scores of classes that say something of their own, of another task all."""
    rows, known = [], load_task(run.task).metrics
    found = [name for name in columns["model"] or {} if score_in(columns["model"], name) is not None]
    for name in [name for name in (*known.shares, *known.losses) if name in found] or found:
        cells = [score_cell(score_in(one, name), share=name in known.shares) for one in columns.values()]
        note = texts.say("page.score.less") if name in known.losses else ""
        rows.append((TableCell(texts.name("page.score", name), note), *cells))
        if name == "balanced_accuracy":
            rows += _top_rows(columns, texts)
    heads = tuple(Column(_arm_name(arm, run.metrics, texts)) for arm in columns)
    return Table(
        texts.say("page.scores.table"), (Column(texts.say("page.column.score"), number=False), *heads), tuple(rows)
    )


def _top_rows(columns: Mapping[str, Any], texts: Texts) -> list[tuple[TableCell, ...]]:
    found = look_up(columns["model"], "top_k") or {}
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


def _leak_notes(run: RunData, texts: Texts) -> list[Block]:
    count, metric = look_up(run.metrics, "leaked", "count") or 0, load_task(run.task).metrics
    if not count:
        return []
    clean = score_in(run.metrics, "leaked", "evaluation_without", metric.name)
    if clean is None:
        said = texts.say("page.problem.all_leaked")
    elif metric.name in metric.shares:
        values = {"count": count_text(count), "accuracy": percent(clean.value), "range": percent_range(clean)}
        said = texts.say("page.scores.leak", values)
    else:
        plain = {"count": count, "metric": texts.name("reporting.metric", metric.name), "score": clean}
        said = " ".join(texts.say(f"reporting.{key}", plain).strip() for key in ("leaked", "without_leaked"))
    return [Paragraph(said, "warning")]
