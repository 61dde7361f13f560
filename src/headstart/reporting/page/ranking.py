"""The section on ``rank.json``: which encoder suits the data."""

from headstart.metrics.values import Score
from headstart.reporting.page.blocks import Block, Column, Figure, Paragraph, Section, Table, TableCell
from headstart.reporting.page.numbers import TO, decimal, percent, percent_range, points, points_range
from headstart.reporting.page.scores import score_cell
from headstart.reporting.page.values import Json, first_score
from headstart.reporting.plots.charts import Bar, interval_chart
from headstart.reporting.plots.svg import to_svg
from headstart.runtime.catalogue import Texts

DRAWN = 12  # candidates in the drawing; the table has all
LONGEST = 44  # letters of a name in the drawing


def ranking_section(rank: Json, texts: Texts) -> Section:
    """Show the candidates in order, with what each costs, and which of them cannot be told apart."""
    rows = [row for row in rank.get("ranking") or [] if first_score(row) is not None]
    blocks: list[Block] = [Paragraph(sentence) for sentence in _verdicts(rows, texts)]
    if len(rows) > 1:
        blocks.append(_figure(rows[:DRAWN], texts))
    blocks.append(_table(rows, texts))
    blocks.append(Paragraph(texts.say("page.ranking.note"), "quiet"))
    return Section("ranking", texts.say("page.section.ranking"), tuple(blocks))


def _verdicts(rows: list[Json], texts: Texts) -> list[str]:
    if not rows:
        return []
    best = rows[0]["encoder"]
    pairs = [pair for pair in rows[0].get("pairs") or [] if pair.get("better") == best]
    beaten = [pair["other"] for pair in pairs if pair.get("told_apart")]
    said = [texts.say("page.ranking.better", {"best": best, "others": texts.join(beaten)})] if beaten else []
    for pair in pairs:
        if not pair.get("told_apart"):
            score = Score(pair["difference"], pair["low"], pair["high"])
            values = {
                "best": best,
                "other": pair["other"],
                "difference": points(score.value),
                "range": points_range(score),
            }
            said.append(texts.say("page.ranking.tie", values))
    return said


def _figure(rows: list[Json], texts: Texts) -> Figure:
    bars: list[Bar] = []
    for row in rows:
        score = first_score(row)
        assert score is not None, "rows without an accuracy were left out"
        bars.append(Bar(shortened(row["encoder"]), score, 0 if not bars else 2))
    caption = texts.say("page.ranking.figure")
    described = "; ".join(f"{bar.label}: {percent(bar.score.value)} ({percent_range(bar.score)})" for bar in bars)
    lowest = min(bar.score.low for bar in bars)
    chart = interval_chart(bars, start=max(0.0, int(10 * lowest - 0.5) / 10))
    numbers = tuple(
        (TableCell(bar.label), TableCell(percent(bar.score.value)), TableCell(percent_range(bar.score))) for bar in bars
    )
    columns = (
        Column(texts.say("page.column.encoder"), number=False),
        Column(texts.say("page.column.probe")),
        Column(texts.say("page.column.interval")),
    )
    table = Table(texts.say("page.ranking.table_drawn"), columns, numbers)
    return Figure("ranking", caption, to_svg(chart, "ranking", caption, described), table)


def shortened(name: str) -> str:
    """Return a long name without its middle: both ends tell names apart.

    Examples
    --------
    >>> shortened("a" * 30 + "b" * 30)
    'aaaaaaaaaaaaaaaaaaaaaa…bbbbbbbbbbbbbbbbbbbbb'
    """
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST // 2]}…{name[len(name) - LONGEST // 2 + 1 :]}"


def _table(rows: list[Json], texts: Texts) -> Table:
    columns = [
        Column(texts.say(f"page.column.{name}"), number=name != "encoder")
        for name in ("encoder", "probe", "ranks", "first", "lda", "knn", "logme", "h_score", "imagenet", "time", "size")
    ]
    return Table(texts.say("page.ranking.table"), tuple(columns), tuple(_row(row) for row in rows), sortable=True)


def _row(row: Json) -> tuple[TableCell, ...]:
    low, high = row.get("ranks") or (row.get("rank"), row.get("rank"))
    return (
        TableCell(row["encoder"]),
        score_cell(first_score(row), share=True),
        TableCell(str(low) if low == high else f"{low}{TO}{high}", value=_number(low)),
        _cell(row.get("first"), share=True),
        _cell(row.get("lda"), share=True),
        _cell(row.get("knn"), share=True),
        _cell(row.get("logme"), digits=3),
        _cell(row.get("h_score"), digits=2),
        _cell(row.get("top1"), digits=1),
        _cell(row.get("milliseconds"), digits=1),
        _cell(row.get("megabytes"), digits=0),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _cell(value: object, *, share: bool = False, digits: int = 3) -> TableCell:
    number = _number(value)
    if number is None:
        return TableCell(TO)
    return TableCell(percent(number) if share else decimal(number, digits), value=number)
