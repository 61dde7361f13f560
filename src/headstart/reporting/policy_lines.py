"""What a model promises of its classes, and whether it kept that, in lines for people."""

from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding
from headstart.uncertainty.calibrate import FEWEST
from headstart.uncertainty.evaluate import AnswerScores, PolicyScores, broken_promises
from headstart.uncertainty.policy import AnswerPolicy
from headstart.uncertainty.selective import Threshold


def policy_lines(found: PolicyScores, texts: Texts = ENGLISH, *, leaked: bool = False) -> list[str]:
    """Write whether the policy kept its promises on the scored examples, and what it could not learn to promise.

    ``leaked`` examples flatter every promise.
    """
    lines = [texts.say("reporting.guard_leaked" if leaked else "reporting.guard")]
    sets, answers, novelty = found.sets, found.answers, found.novelty
    if sets is None:
        lines.append(texts.say("reporting.no_sets", {"few": too_few()}))
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
    values = {"wanted": found.wanted, "bound": found.bound, "count": found.held_out, "few": too_few()}
    return Finding(refusal_code(found.bound, found.held_out), values)


def refusal_code(bound: float, held_out: int) -> str:
    """Return the code of the sentence for a precision that cannot be promised."""
    return f"reporting.{'refused' if bound else 'refused_all' if held_out else 'refused_few'}"


def too_few() -> Finding:
    """Return that too few examples could be held out."""
    return Finding("reporting.too_few", {"fewest": FEWEST})


def unscored_refusal(policy: AnswerPolicy | None, promises: PolicyScores | None) -> tuple[Finding, ...]:
    """Return that a precision cannot be promised where no scored example could show it, as with folds; often nothing.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> refused = SimpleNamespace(threshold=Threshold(0.99, float("inf"), 0.9, 0.8, 0.0, 60))
    >>> print(*unscored_refusal(refused, None))
    A precision of 0.99 cannot be promised, 0.800 can, ...
    """
    threshold = None if policy is None or promises is not None else policy.threshold
    return () if threshold is None or threshold.reached else (refusal(threshold),)
