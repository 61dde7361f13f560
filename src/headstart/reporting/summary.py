"""The outcome of a run in words: short lines for a terminal."""

from collections.abc import Sequence

from headstart.data.targets.base import Target
from headstart.heads.model_selection import Candidate
from headstart.metrics.comparison import Comparison
from headstart.metrics.paired_tests import PairedDifference
from headstart.reporting.sections.base import task_report
from headstart.reporting.tables import indented
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding
from headstart.tasks.base import load_task
from headstart.uncertainty.calibrate import FEWEST
from headstart.uncertainty.evaluate import AnswerScores, PolicyScores, broken_promises
from headstart.uncertainty.policy import AnswerPolicy
from headstart.uncertainty.selective import Threshold


def score_lines(
    target: Target, board: Comparison, title: str, promises: PolicyScores | None = None, texts: Texts = ENGLISH
) -> list[str]:
    """Show the scores with their intervals under a title, the baselines beside them, and what follows from both."""
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
        *_leak_lines(board, metric, texts),
        *report.hardest(result, texts),
        *([] if _is_better(board, metric) else [texts.say("reporting.not_better")]),
        *([] if promises is None else policy_lines(promises, texts, leaked=bool(board.leaked))),
    ]


def _moved_lines(moved: PairedDifference | None, texts: Texts) -> list[str]:
    """Say what moving the weights was worth beside the probe, on the same pictures."""
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
    return [texts.say("reporting.moved", values)]


def policy_lines(found: PolicyScores, texts: Texts = ENGLISH, *, leaked: bool = False) -> list[str]:
    """Say whether the policy kept its promises on the scored pictures, and what it could not learn to promise.

    ``leaked`` pictures flatter every promise.
    """
    lines = [texts.say("reporting.guard_leaked" if leaked else "reporting.guard")]
    sets, answers, novelty = found.sets, found.answers, found.novelty
    if sets is None:
        lines.append(texts.say("reporting.no_sets", {"few": _too_few()}))
    else:
        size = {"coverage": sets.coverage, "promised": sets.promised, "size": sets.size.value}
        lines.append(texts.say("reporting.sets", size))
    if answers is not None and answers.threshold is None:
        lines.append(f"  {refusal(answers).render(texts)}")
    elif answers is not None:
        names = ("threshold", "precision", "wanted", "answered")
        lines.append(texts.say("reporting.answers", {name: getattr(answers, name) for name in names}))
    if novelty is not None:
        lines.append(texts.say("reporting.novelty", {"alarms": novelty.false_alarms, "promised": novelty.promised}))
    if novelty is not None and novelty.unfamiliar is not None:
        names = ("found", "count", "unfamiliar", "auroc")
        lines.append(texts.say("reporting.unlike", {name: getattr(novelty, name) for name in names}))
    broken = [Finding(f"reporting.promise_{name.replace(' ', '_')}") for name in broken_promises(found)]
    return [*lines, texts.say("reporting.broken", {"names": broken})] if broken else lines


def refusal(found: AnswerScores | Threshold) -> Finding:
    """Return that a precision cannot be promised, and which one can.

    Examples
    --------
    >>> print(refusal(Threshold(0.99, float("inf"), 0.95, 0.917, 0.0, 60)))
    A precision of 0.99 cannot be promised, 0.917 can, from 60 held-out pictures. No picture gets an answer: ask for
    less, or add pictures.
    >>> print(refusal(Threshold(0.99, float("inf"), 0.0, 0.0, 0.0, 0)))
    A precision of 0.99 cannot be promised: fewer than 10 pictures could be held out to learn from. No picture gets an
    answer: add pictures.
    """
    code = "refused" if found.bound else "refused_all" if found.held_out else "refused_few"
    values = {"wanted": found.wanted, "bound": found.bound, "count": found.held_out, "few": _too_few()}
    return Finding(f"reporting.{code}", values)


def _too_few() -> Finding:
    return Finding("reporting.too_few", {"fewest": FEWEST})


def unscored_refusal(policy: AnswerPolicy | None, promises: PolicyScores | None) -> tuple[Finding, ...]:
    """Return that a precision cannot be promised where no scored picture could show it, as with folds; often nothing.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> refused = SimpleNamespace(threshold=Threshold(0.99, float("inf"), 0.9, 0.8, 0.0, 60))
    >>> print(*unscored_refusal(refused, None))
    A precision of 0.99 cannot be promised, 0.800 can, ...
    """
    threshold = None if policy is None or promises is not None else policy.threshold
    return () if threshold is None or threshold.reached else (refusal(threshold),)


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
    """Say why a head stands back whose row, as it is printed, looks no worse and in one number better."""
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


def _is_better(board: Comparison, metric: str) -> bool:
    model, baselines = board.trusted
    best = max(getattr(one, metric).value for name, one in baselines.items() if name != "probe")
    return bool(getattr(model, metric).low > best)
