"""What a training leaves in the run folder, and in the report: history, curve, numbers."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.reporting.history_table import history_lines, history_to_json, write_history
from headstart.reporting.plots.run import draw_learning_curve, draw_rate_test
from headstart.runtime.catalogue import Texts
from headstart.runtime.findings import Finding, sentences

if TYPE_CHECKING:  # it loads torch
    from headstart.finetuning.train_job import TrainingRecord


def write_training(folder: Path, tuned: "TrainingRecord") -> tuple[Finding, ...]:
    """Write ``history.csv``, ``learning_curve.png`` and, when a rate was looked for, ``rate_test.png``."""
    write_history(folder / "history.csv", tuned.history)
    notices = draw_learning_curve(tuned.history, tuned.best, folder / "learning_curve.png")
    if tuned.rate_test is not None:
        notices += draw_rate_test(tuned.rate_test, folder / "rate_test.png")
    return notices


def training_lines(tuned: "TrainingRecord", texts: Texts) -> list[str]:
    """Write for people how the weights moved."""
    plan = tuned.plan
    values = {
        "method": plan.name,
        "moved": tuned.trained_parameters,
        "all": tuned.parameters,
        "share": tuned.trained_parameters / max(1, tuned.parameters),
        "rate": plan.rate,
        "seconds": tuned.seconds,
        "expected": tuned.expected_seconds,
    }
    lines = [texts.say("reporting.fine_tuning", values), *history_lines(tuned.history, texts)]
    if tuned.shares:
        code = "temperature" if not plan.wise else "probe" if tuned.share == 0 else "share"
        lines.append(texts.say(f"reporting.chose_{code}", {"pictures": tuned.validated, "share": tuned.share}))
    return [*lines, *sentences(tuned.profile_lines, texts)]


def training_to_json(tuned: "TrainingRecord") -> dict[str, Any]:
    """Return plain data: keys of the report of a run."""
    test = tuned.rate_test
    return {
        "history": history_to_json(tuned.history),
        "trained_parameters": tuned.trained_parameters,
        "parameters": tuned.parameters,
        "training": {
            "method": tuned.plan.name,
            "epochs": tuned.plan.epochs,
            "batch_size": tuned.plan.batch_size,
            "rate": tuned.plan.rate,
            "views": tuned.plan.views,
            "prefix_cached": tuned.plan.cached,
            "best_epoch": tuned.best,
            "share": tuned.share,
            "shares": [
                {"share": one.share, "log_loss": one.log_loss, "accuracy": one.accuracy} for one in tuned.shares
            ],
            "validated": tuned.validated,
            "expected_seconds": round(tuned.expected_seconds, 3),
            "seconds": round(tuned.seconds, 3),
            "rate_test": None if test is None else {"chosen": test.chosen, "reason": str(test.reason)},
        },
    }
