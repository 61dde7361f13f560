"""What words alone reach on a page, beside vectors and both, and the words that classes are told by."""

from collections.abc import Mapping, Sequence

from headstart.metrics.values import Score
from headstart.reporting.page.blocks import Block, Column, Paragraph, Table, TableCell
from headstart.reporting.page.numbers import count_text, percent, percent_range, points, points_range
from headstart.reporting.page.values import Json, look_up, score_in
from headstart.runtime.catalogue import Texts

CLASSES = 40  # in a table of words: of more, the first


def half_blocks(metrics: Json, texts: Texts) -> list[Block]:
    """Show what words, vectors and both reach, each over words alone in pairs, and whether pretraining helped."""
    halves = look_up(metrics, "halves") or {}
    if not halves:
        return []

    def gain(score: Score | None) -> TableCell:
        return TableCell("") if score is None else TableCell(points(score.value), points_range(score), score.value)

    rows = [
        (TableCell(texts.name("page.half", name)), TableCell(percent(score.value), percent_range(score), score.value),
         gain(score_in(halves, name, "over_first", "difference")))
        for name in halves
        if (score := score_in(halves, name, "score")) is not None
    ]  # fmt: skip
    keys = ("page.column.half", "page.score.accuracy", "page.column.over_words")
    columns = tuple(Column(texts.say(key), number=key != keys[0]) for key in keys)
    folds = look_up(metrics, "evaluation", "cross_validated")
    return [
        Table(texts.say("page.scores.halves"), columns, tuple(rows)),
        Paragraph(pretraining_sentence(metrics, texts)),
        *([Paragraph(texts.say("reporting.halves_folds"), "quiet")] if folds else []),
    ]


def pretraining_sentence(metrics: Json, texts: Texts) -> str:
    """Say whether pretraining helped beside words alone; nothing where that was not measured."""
    verdict = look_up(metrics, "pretraining")
    values = {"count": count_text(look_up(metrics, "evaluation", "count") or 0)}
    return texts.say(f"reporting.pretraining_{verdict}", values) if verdict else ""


def words_blocks(found: Mapping[str, Sequence[str]], key: str, texts: Texts) -> list[Block]:
    """Show the words of each class in a table; nothing where there are none."""
    rows = tuple((TableCell(name), TableCell(texts.join(own, "comma"))) for name, own in [*found.items()][:CLASSES])
    columns = (
        Column(texts.say("page.column.class"), number=False),
        Column(texts.say("page.column.words"), number=False),
    )
    return [Table(texts.say(f"page.words.{key}"), columns, rows)] if rows else []
