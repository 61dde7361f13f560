"""The outcome of a run in words: short lines for a terminal."""

from collections.abc import Sequence

from headstart.heads.model_selection import Candidate
from headstart.metrics.comparison import Comparison
from headstart.metrics.paired_tests import PairedDifference
from headstart.metrics.values import Evaluation
from headstart.reporting.tables import aligned
from headstart.uncertainty.calibrate import FEWEST
from headstart.uncertainty.evaluate import AnswerScores, PolicyScores, broken_promises
from headstart.uncertainty.policy import AnswerPolicy
from headstart.uncertainty.selective import Threshold

ROWS = {
    "accuracy": "accuracy",
    "balanced accuracy": "balanced_accuracy",
    "macro F1": "macro_f1",
    "log-loss": "log_loss",
    "calibration error": "calibration_error",
}
COLUMNS = {"majority": "majority class", "probe": "probe, nothing moved"}
HARDEST = 5  # classes named in a summary
TOO_FEW = f"fewer than {FEWEST} pictures could be held out to learn from"
CHANCE = "small differences among five are chance"


def score_lines(board: Comparison, title: str, promises: PolicyScores | None = None) -> list[str]:
    """Show the scores with their intervals under a title, the baselines beside them, and what follows from both."""
    result = board.evaluation
    columns = {"this model": result}
    columns |= {COLUMNS.get(name, name.replace("_", " ")): one for name, one in board.baselines.items()}
    table = [("", *columns)]
    table += [(name, *(str(getattr(column, field)) for column in columns.values())) for name, field in ROWS.items()]
    lines = [title, *(f"  {line}" for line in aligned(table).splitlines())]
    if result.binary is not None:
        counts = ", ".join(f"{name} {count}" for name, count in result.binary.items())
        lines.append(f"  {counts} (positive: {result.classes[1]})")
    if result.groups is not None:
        lines.append(f"  The intervals are drawn over {result.groups:,} groups, not over pictures.")
    kept = [] if promises is None else policy_lines(promises)
    if kept and board.leaked:  # they flatter every promise
        kept[0] = "Knowing when not to answer, on all scored pictures, those of the fitted part among them:"
    return [
        *lines,
        *_moved_lines(board.over_probe),
        *_leak_lines(board),
        *_hardest_lines(result),
        *_verdict(board),
        *kept,
    ]


def _moved_lines(moved: PairedDifference | None) -> list[str]:
    """Say what moving the weights was worth beside the probe, on the same pictures."""
    if moved is None:
        return []
    gain, test = moved.difference, "McNemar's exact test" if moved.test == "mcnemar" else "bootstrap over groups"
    return [
        f"  Moving the weights: {100 * gain.value:+.1f} points [{100 * gain.low:+.1f}, {100 * gain.high:+.1f}] over the"
        f" probe; {moved.gained:,} pictures won, {moved.lost:,} lost, p = {moved.p:.2g} ({test})."
    ]


def policy_lines(found: PolicyScores) -> list[str]:
    """Say whether the policy kept its promises on the scored pictures, and what it could not learn to promise."""
    lines = []
    sets, answers, novelty = found.sets, found.answers, found.novelty
    if sets is not None:
        lines.append(
            f"  Sets of classes hold the true one: {sets.coverage} (asked: {sets.promised:.3g});"
            f" {sets.size.value:.2f} classes in the mean."
        )
    else:
        lines.append(f"  Sets of classes hold every class: {TOO_FEW}.")
    if answers is not None and answers.threshold is None:
        lines.append(f"  {refusal(answers)}")
    elif answers is not None:
        lines.append(
            f"  Answers at {answers.threshold:.3f} or surer are right: {answers.precision}"
            f" (asked: {answers.wanted:.3g}); {answers.answered} of the pictures get one."
        )
    if novelty is not None:
        lines.append(
            f"  Known pictures taken for unlike ones: {novelty.false_alarms} (allowed: {novelty.promised:.3g})."
        )
    if novelty is not None and novelty.unfamiliar is not None:
        lines.append(
            f"  Unlike pictures found: {novelty.found} of {novelty.count:,} in {novelty.unfamiliar};"
            f" AUROC {novelty.auroc}."
        )
    return ["Knowing when not to answer:", *lines, *_broken_lines(found)]


def _broken_lines(found: PolicyScores) -> list[str]:
    """Say so when a whole interval lies on the wrong side of what was promised."""
    broken = broken_promises(found)
    if not broken:
        return []
    return [
        f"  Note: not kept here: {', '.join(broken)}. The scored pictures are unlike the fitted ones (another"
        " place, camera or time), or these are near-copies of each other. Promises hold for pictures like the fitted"
        " ones; put some of the new kind into the part to fit."
    ]


def refusal(found: AnswerScores | Threshold) -> str:
    """Say in a sentence that a precision cannot be promised, and which one can.

    Examples
    --------
    >>> refusal(Threshold(0.99, float("inf"), 0.95, 0.917, 0.0, 60))
    'A precision of 0.99 cannot be promised, 0.917 can, from 60 held-out pictures. No picture gets an answer: ask for
    less, or add pictures.'
    >>> refusal(Threshold(0.99, float("inf"), 0.0, 0.0, 0.0, 0))
    'A precision of 0.99 cannot be promised: fewer than 10 pictures could be held out to learn from. No picture gets an
    answer: add pictures.'
    """
    wanted = f"A precision of {found.wanted:.3g} cannot be promised"
    if not found.held_out:
        return f"{wanted}: {TOO_FEW}. No picture gets an answer: add pictures."
    if not found.bound:
        return f"{wanted}, nor any other, from {found.held_out:,} held-out pictures. No picture gets an answer."
    return (
        f"{wanted}, {found.bound:.3f} can, from"
        f" {found.held_out:,} held-out pictures. No picture gets an answer: ask for less, or add pictures."
    )


def unscored_refusal(policy: AnswerPolicy | None, promises: PolicyScores | None) -> tuple[str, ...]:
    """Say that a precision cannot be promised where no scored picture could show it, as with folds; often nothing.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> refused = SimpleNamespace(threshold=Threshold(0.99, float("inf"), 0.9, 0.8, 0.0, 60))
    >>> unscored_refusal(refused, None)
    ('A precision of 0.99 cannot be promised, 0.800 can, ...',)
    """
    threshold = None if policy is None or promises is not None else policy.threshold
    return () if threshold is None or threshold.reached else (refusal(threshold),)


def candidate_lines(candidates: Sequence[Candidate], chosen: str) -> list[str]:
    """Show the heads that cross-validation compared, and why not the one with the best numbers, where that is so."""
    table = [("head", "accuracy", "log-loss", "setting", "")]
    for one in candidates:
        setting = (
            "" if one.setting is None else f"{one.setting:g}" if isinstance(one.setting, float) else str(one.setting)
        )
        mark = "<- chosen" if one.name == chosen else ""
        table.append((one.name, f"{one.cv_score.metric:.3f}", f"{one.cv_score.loss:.3f}", setting, mark))
    lines = [f"  {line}" for line in aligned(table, right=(1, 2)).splitlines()]
    return [*lines, *_order_lines(candidates, chosen)]


def _order_lines(candidates: Sequence[Candidate], chosen: str) -> list[str]:
    """Say why a head stands back whose row, as it is printed, looks no worse and in one number better."""
    taken = next((one.cv_score for one in candidates if one.name == chosen), None)
    if taken is None:
        return []
    looks_better = any(
        round(one.cv_score.loss, 3) < round(taken.loss, 3) and one.cv_score.metric >= taken.metric for one in candidates
    )
    return [f"  A later head is taken only where it is clearly better: {CHANCE}."] if looks_better else []


def _leak_lines(board: Comparison) -> list[str]:
    if not board.leaked:
        return []
    if board.without_leaked is None:
        return ["  Every scored picture was fitted: these numbers say nothing about new pictures."]
    one = board.leaked == 1
    also = "picture also occurs" if one else "pictures also occur"
    return [
        f"  {board.leaked:,} scored {also} in the fitted part (or {'shares' if one else 'share'} a group with it).",
        f"  Accuracy without {'it' if one else 'them'}: {board.without_leaked.accuracy}. Trust this number.",
    ]


def _hardest_lines(result: Evaluation) -> list[str]:
    mistaken = (row for row in result.per_class if row.support and row.f1.value < 1)
    rows = sorted(mistaken, key=lambda row: row.f1.value)[:HARDEST]
    if len(result.classes) <= 2 or not rows:
        return []
    return ["Hardest classes (F1): " + ", ".join(f"{row.name} {row.f1.value:.2f}" for row in rows)]


def _verdict(board: Comparison) -> list[str]:
    model, baselines = board.trusted
    best = max(one.accuracy.value for name, one in baselines.items() if name != "probe")
    if model.accuracy.low > best:
        return []
    return [
        "Note: the model is not clearly better than the best baseline here. The pictures may be unlike those the"
        " encoder was trained on, too few, or wrongly labelled."
    ]
