"""The outcome of a run in words: short lines for a terminal."""

from collections.abc import Sequence

from headstart.data.targets.base import Target
from headstart.heads.model_selection import Candidate
from headstart.metrics.comparison import Comparison
from headstart.metrics.paired_tests import PairedDifference
from headstart.reporting.sections.base import task_report
from headstart.reporting.tables import indented
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.tasks.base import load_task


def score_lines(
    target: Target, board: Comparison, title: str, promises: object = None, texts: Texts = ENGLISH, own: str = ""
) -> list[str]:
    """Show the scores with their intervals under a title, the baselines beside them, and what follows from both.

    ``own`` is the encoder of the model: it need not be better than the baseline that stands on the same.
    """
    result = board.evaluation
    columns = {"this": result, **board.baselines}
    shown = {texts.find(f"reporting.column.{name}", name.replace("_", " ")): one for name, one in columns.items()}
    report, metric = task_report(target), load_task(target.task).metrics.name
    rows = report.scores(result, texts).items()
    table = [("", *shown), *((name, *(str(getattr(one, key)) for one in shown.values())) for key, name in rows)]
    lines = [title, *indented(table), *report.details(result, texts)]
    if result.groups is not None:
        lines.append(texts.say("reporting.groups", {"count": result.groups}))
    return [
        *lines,
        *_moved_lines(board.over_probe, texts),
        *_half_lines(board, metric, texts),
        *_leak_lines(board, metric, texts),
        *report.hardest(result, texts),
        *([] if _is_better(board, metric, (own, *board.halves)) else [texts.say("reporting.not_better")]),
        *([] if promises is None else report.promises(promises, texts, leaked=bool(board.leaked))),
    ]


def _moved_lines(moved: PairedDifference | None, texts: Texts) -> list[str]:
    """Describe what moving the weights was worth beside the probe, on the same examples."""
    if moved is None:
        return []
    gain = moved.difference
    values = {
        "points": 100 * gain.value,
        "low": 100 * gain.low,
        "high": 100 * gain.high,
        "won": moved.gained,
        "lost": moved.lost,
        "p": moved.p,
        "test": texts.say("reporting.mcnemar" if moved.test == "mcnemar" else "reporting.group_bootstrap"),
    }
    worth = "helps" if gain.low > 0 else "hurts" if gain.high < 0 else "open"
    said = [] if worth == "helps" else [f"  {texts.say(f'reporting.moved_{worth}')}"]
    return [texts.say("reporting.moved", values), *said]


def _half_lines(board: Comparison, metric: str, texts: Texts) -> list[str]:
    """Show what words, vectors and both reach, and whether pretraining helped."""
    if not board.halves:
        return []
    rows = [(texts.find("reporting.halves"), texts.name("reporting.metric_column", metric), "")]
    for name, half in board.halves.items():
        gain = half.over_first and half.over_first.difference
        values = gain and {"points": 100 * gain.value, "low": 100 * gain.low, "high": 100 * gain.high}
        over = texts.say("reporting.over_words", values) if values else ""
        rows.append((texts.name("reporting.half", name), str(half.score), over))
    said = [texts.say(f"reporting.pretraining_{board.verdict}", {"count": board.trusted[0].count})]
    said += [texts.say("reporting.halves_folds")] if board.evaluation.cross_validated else []
    return [*indented(rows), *(f"  {one}" for one in said)]


def candidate_lines(target: Target, candidates: Sequence[Candidate], chosen: str, texts: Texts = ENGLISH) -> list[str]:
    """Show the heads that cross-validation compared, and why not the one with the best numbers, where that is so."""
    metrics = load_task(target.task).metrics
    names = [texts.name("reporting.metric_column", name) for name in (metrics.name, metrics.loss)]
    head, setting = texts.columns("reporting.candidates")
    table = [(head, *names, setting, "")]
    for one in candidates:
        setting = (
            "" if one.setting is None else f"{one.setting:g}" if isinstance(one.setting, float) else str(one.setting)
        )
        mark = texts.say("reporting.chosen") if one.name == chosen else ""
        table.append((one.name, f"{one.cv_score.metric:.3f}", f"{one.cv_score.loss:.3f}", setting, mark))
    return [*indented(table, right=(1, 2)), *_order_lines(candidates, chosen, texts)]


def _order_lines(candidates: Sequence[Candidate], chosen: str, texts: Texts) -> list[str]:
    """Explain why a head stands back whose row, as it is printed, looks no worse and in one number better."""
    taken = next((one.cv_score for one in candidates if one.name == chosen), None)
    if taken is None:
        return []
    looks_better = any(
        round(one.cv_score.loss, 3) < round(taken.loss, 3) and one.cv_score.metric >= taken.metric for one in candidates
    )
    return [texts.say("reporting.order")] if looks_better else []


def _leak_lines(board: Comparison, metric: str, texts: Texts) -> list[str]:
    if not board.leaked:
        return []
    if board.without_leaked is None:
        return [texts.say("reporting.all_leaked")]
    name = texts.name("reporting.metric", metric)
    values = {"count": board.leaked, "metric": name, "score": getattr(board.without_leaked, metric)}
    return [texts.say("reporting.leaked", values), texts.say("reporting.without_leaked", values)]


def _is_better(board: Comparison, metric: str, spoken_of: Sequence[str]) -> bool:
    """Whether the model is clearly better than every baseline that nothing else is said about."""
    model, baselines = board.trusted
    best = max(getattr(one, metric).value for name, one in baselines.items() if name not in ("probe", *spoken_of))
    return bool(getattr(model, metric).low > best)
