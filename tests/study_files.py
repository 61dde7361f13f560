"""Studies as ``headstart compare``, ``rank`` and ``check`` write them, made by hand."""

from typing import Any

GAINS = {"1": (0.30, 0.20, 0.40), "5": (0.42, 0.35, 0.50), "all": (0.01, -0.02, 0.04)}
SIZES = {"1": 1.0, "5": 5.0, "all": 59.9}


def compare(gains: dict[str, tuple[float, float, float]] | None = None) -> dict[str, Any]:
    """A probe against training from scratch; the gains as value, low, high by shots."""
    gains = GAINS if gains is None else gains
    return {
        "kind": "compare",
        "created": "2026-01-02T03:04:05",
        "scored": 240,
        "curves": [
            {
                "arm": arm, "shots": shots, "examples_per_class": SIZES[shots], "draws": 3,
                "accuracy": accuracy, "low": accuracy - 0.05, "high": accuracy + 0.05,
            }
            for arm, start in (("scratch", 0.2), ("probe", 0.5))
            for shots in SIZES
            for accuracy in [start + SIZES[shots] / 150]
        ],
        "gain": [
            {
                "arm": "probe", "against": "scratch", "shots": shots, "value": value, "low": low, "high": high,
                "error_reduction": 0.5, "p": 0.0004,
            }
            for shots, (value, low, high) in gains.items()
        ],
        "data_multiplier": [
            {"arm": "probe", "against": "scratch", "shots": one, "value": 12.0, "bound": "more than"} for one in gains
        ],
        "factors": [
            {
                "factor": "encoder", "effect": 0.2, "low": 0.1, "high": 0.3, "sentence": "The <b>encoder</b> matters.",
                "arm": "", "shots": "all", "start": "", "size": None, "steps": 0,
            },
            {"factor": "strategy", "effect": None, "low": None, "high": None, "sentence": "Not measured."},
        ],
        "verdict": ["..."],
        "notices": [
            "The time was over before 2 cells: scratch at 2, draw 1, lpft at all, draw 3", "An older version said this."
        ],
    }  # fmt: skip


def rank(told_apart: bool = False) -> dict[str, Any]:
    """Two candidates, one of them a shortened encoder."""
    pair = {"better": "one", "other": "two[:5]", "difference": 0.02, "low": -0.01, "high": 0.05, "p": 0.2}
    rows = []
    for place, name in enumerate(("one", "two[:5]")):
        score = 0.9 - 0.02 * place
        rows.append(
            {
                "encoder": name,
                "rank": place + 1,
                "accuracy": {"value": score, "low": score - 0.03, "high": score + 0.03},
                "ranks": [1, 2],
                "first": 0.8 - 0.6 * place,
                "lda": 0.9,
                "knn": 0.85,
                "logme": 0.6,
                "h_score": 10.5,
                "milliseconds": 12.0,
                "megabytes": 13.4,
                "top1": None,
                "pairs": [{**pair, "told_apart": told_apart}],
            }
        )
    return {"kind": "rank", "created": "2026-01-02T03:04:05", "ranking": rows}
