"""A run of classes in three sentences: how good, what the transfer brought, what is wrong."""

from collections.abc import Callable
from dataclasses import dataclass

from headstart.metrics.values import Score
from headstart.reporting.page.blocks import Tile
from headstart.reporting.page.numbers import TO, count_text, p_text, percent, percent_range, points, points_range
from headstart.reporting.page.transfer import best_gain, shots_text
from headstart.reporting.page.values import (
    Json,
    PageData,
    RunData,
    is_baseline,
    look_up,
    score_in,
    simple_baseline,
    trusted,
)
from headstart.reporting.page.words import pretraining_sentence
from headstart.reporting.verdicts import multiplier_text, out_of_reach
from headstart.runtime.catalogue import Texts

FEW = 100  # scored examples below which an interval is wider than about ten points either way
SMALL_ERROR, SMALLEST_ERROR = 0.03, 0.005  # of calibration: nobody acts on less; what counts as nothing
LEVEL = 0.05  # of a test
UNEVEN = 3.0  # times as many examples in the largest class as in the smallest


def summarise_classes(page: PageData, run: RunData, texts: Texts) -> tuple[str, ...]:
    """Describe how good a classifier is, what the transfer and moving the weights brought, and what is wrong."""
    transfer, moved = _transfer(page, run, texts), _moved(run.metrics, texts)
    own = (moved,) if moved and moved != transfer else ()
    return _quality(run, texts), transfer, *own, _worst_problem(page, run, texts)


def class_tiles(run: RunData, texts: Texts) -> tuple[Tile, ...]:
    """Return the numbers of a classifier to see at first sight."""
    metrics = trusted(run.metrics)
    accuracy = score_in(metrics, "evaluation", "accuracy")
    if accuracy is None:
        return ()
    found = [
        Tile(texts.say("page.tile.accuracy"), percent(accuracy.value), percent_range(accuracy) + "\N{NO-BREAK SPACE}%")
    ]
    baseline = best_baseline(metrics)
    if baseline is not None:
        name, value = baseline
        note = texts.say(
            "page.tile.baseline_note", {"name": texts.name("page.baseline", name), "value": percent(value)}
        )
        found.append(Tile(texts.say("page.tile.baseline"), points(accuracy.value - value), note))
    error = score_in(metrics, "evaluation", "calibration_error")
    if error is not None:
        found.append(Tile(texts.say("page.tile.calibration"), percent(error.value), percent_range(error) + " %"))
    fitted, scored = (count_text(look_up(run.metrics, "counts", part) or 0) for part in ("fit", "score"))
    found.append(Tile(texts.say("page.tile.pictures"), fitted, texts.say("page.tile.pictures_note", {"count": scored})))
    return tuple(found)


def best_baseline(metrics: Json, *, unpaired: bool = False) -> tuple[str, float] | None:
    """Find the better one of the two baselines that need no pretrained network.

    ``unpaired`` leaves out what a sentence of its own compares with the model, in pairs.
    """
    names = ["majority", *([] if is_baseline(metrics) else [simple_baseline(metrics)])]
    if unpaired:
        names = [name for name in names if name not in (look_up(metrics, "halves") or {})]
    found = {name: score.value for name in names if (score := score_in(metrics, "baselines", name, "accuracy"))}
    return max(found.items(), key=lambda one: (one[1], one[0])) if found else None


def calibration_verdict(metrics: Json) -> str:
    """Say whether probabilities can be believed: ``fine``, ``bold``, ``shy``, ``perhaps_bold`` and so on, ``unknown``.

    Bold means that the model is surer than it is right, shy that it is right more often than it says; perhaps, that the
    interval of the calibration error reaches zero though the error itself is not small. Fine is what is left.
    """
    error = score_in(metrics, "evaluation", "calibration_error")
    bins = look_up(metrics, "evaluation", "reliability") or []
    total = sum(row["count"] for row in bins)
    if error is None or not total:
        return "unknown"
    shown = error.low >= SMALLEST_ERROR
    if not shown and error.value < SMALL_ERROR:
        return "fine"
    surplus = sum(row["count"] * (row["confidence"] - row["accuracy"]) for row in bins) / total
    return ("" if shown else "perhaps_") + ("bold" if surplus > 0 else "shy")


def _quality(run: RunData, texts: Texts) -> str:
    metrics = trusted(run.metrics)
    accuracy = score_in(metrics, "evaluation", "accuracy")
    if accuracy is None:
        return texts.say("page.summary.no_score")
    count = look_up(metrics, "evaluation", "count") or 0
    name = simple_baseline(metrics)
    majority, simple = (score_in(metrics, "baselines", one, "accuracy") for one in ("majority", name))
    best = best_baseline(metrics, unpaired=True)
    better = best is None or accuracy.low > best[1]
    beside = "page.summary.beside" if majority and simple else "page.summary.beside_majority" if majority else ""
    values = {
        "majority": percent(majority.value) if majority else "",
        "baseline": texts.name("page.baseline", name),
        "simple": percent(simple.value) if simple else "",
    }
    error = score_in(metrics, "evaluation", "calibration_error")
    parts = [
        texts.say(
            "page.summary.accuracy_folds" if run.folds else "page.summary.accuracy",
            {"accuracy": percent(accuracy.value), "range": percent_range(accuracy), "count": count_text(count)},
        ),
        texts.say(beside, values) if beside else "",
        "" if better else texts.say("page.summary.not_better"),
        texts.say(
            f"page.summary.calibration_{calibration_verdict(metrics)}",
            {"error": percent(error.value), "range": percent_range(error)} if error else {},
        ),
    ]
    return texts.find("runtime.clause").join(part for part in parts if part) + texts.say("runtime.stop")


def _transfer(page: PageData, run: RunData, texts: Texts) -> str:
    gain = best_gain(page.compare)
    if gain is not None:
        hurt = gain["high"] < 0
        helps = "helps_never" if out_of_reach(gain.get("multiplier")) else "helps"
        key = "hurts" if hurt else helps if gain["low"] > 0 else "open"
        score = Score(gain["value"], gain["low"], gain["high"])
        return texts.say(
            f"page.summary.transfer_{key}",
            {
                "arm": texts.name("page.arm", gain["arm"]),
                "against": texts.name("page.arm", gain["against"]),
                "shots": shots_text(gain["shots"], texts),
                "points": points(score.value).lstrip("+" if key == helps else ""),
                "range": points_range(score),
                "times": multiplier_text(gain["multiplier"], texts) if gain["multiplier"] else TO,
            },
        )
    if look_up(run.metrics, "counts", "fit") == 0:
        return texts.say("page.summary.names")
    if measured := pretraining_sentence(run.metrics, texts):
        return measured
    if is_baseline(run.metrics):
        return texts.say("page.summary.no_pretraining")
    if moved := _moved(run.metrics, texts):
        return moved
    clean = trusted(run.metrics)
    accuracy, name = score_in(clean, "evaluation", "accuracy"), simple_baseline(clean)
    simple = score_in(clean, "baselines", name, "accuracy")
    if accuracy is None or simple is None:
        return texts.say("page.summary.transfer_unknown")
    values = {"points": points(accuracy.value - simple.value), "baseline": texts.name("page.baseline", name)}
    return texts.say("page.summary.transfer_probe", values)


def _moved(metrics: Json, texts: Texts) -> str:
    """Describe what moving the weights was worth; nothing where none moved, or nobody tried."""
    accuracy = score_in(metrics, "evaluation", "accuracy")
    probe = score_in(metrics, "baselines", "probe", "accuracy")
    if accuracy is None or probe is None:
        return ""
    if look_up(metrics, "training", "share") == 0:
        return texts.say("page.summary.kept_probe", {"probe": percent(probe.value)})
    values = {
        "method": look_up(metrics, "training", "method") or "",
        "points": points(accuracy.value - probe.value),
        "probe": percent(probe.value),
        "accuracy": percent(accuracy.value),
    }
    paired, p = score_in(metrics, "moved", "difference"), look_up(metrics, "moved", "p")
    if paired is None or p is None:  # an older run, which compared nothing in pairs
        apart = accuracy.low > probe.high or accuracy.high < probe.low
        return texts.say("page.summary.moved" if apart else "page.summary.moved_open", values)
    values |= {"range": points_range(paired), "p": p_text(p) if p < 0.001 else f"= {p_text(p)}"}
    worth = "_open" if p >= LEVEL else "_hurts" if paired.value < 0 else ""
    return texts.say(f"page.summary.moved_paired{worth}", values)


@dataclass(frozen=True, slots=True)
class _Question:
    """What problems are looked for in."""

    page: PageData
    run: RunData
    texts: Texts

    def say(self, key: str, **values: object) -> str:
        return self.texts.say(f"page.problem.{key}", values)


def _worst_problem(page: PageData, run: RunData, texts: Texts) -> str:
    """Name the largest problem: the first of these, in the order of what they do to the number above."""
    asked = _Question(page, run, texts)
    for find in _FINDERS:
        found = find(asked)
        if found:
            return found
    return asked.say("none")


def _leak(asked: _Question) -> str:
    count = look_up(asked.run.metrics, "leaked", "count") or 0
    if not count:
        return ""
    clean = score_in(asked.run.metrics, "leaked", "evaluation_without", "accuracy")
    if clean is None:
        return asked.say("all_leaked")
    whole = score_in(asked.run.metrics, "evaluation", "accuracy")
    return asked.say("leak", count=count_text(count), accuracy=percent(whole.value) if whole else "")


def _near_leak(asked: _Question) -> str:
    count = look_up(asked.page.check, "counts", "near_duplicates_across_splits") or 0
    return asked.say("near_leak", count=count_text(count)) if count else ""


def _no_better(asked: _Question) -> str:
    metrics = trusted(asked.run.metrics)
    accuracy, baseline = score_in(metrics, "evaluation", "accuracy"), best_baseline(metrics, unpaired=True)
    if accuracy is None or baseline is None or accuracy.low > baseline[1]:
        return ""
    return asked.say("no_better", name=asked.texts.name("page.baseline", baseline[0]))


def _broken_promise(asked: _Question) -> str:
    chosen = look_up(asked.run.metrics, "head", "name")
    promised = [
        one["accuracy"] for one in look_up(asked.run.metrics, "head", "candidates") or [] if one["name"] == chosen
    ]
    balanced = bool(asked.run.recipe.get("balance"))
    name = "balanced_accuracy" if balanced else "accuracy"
    # The heads that were compared stand on the network as it came: once weights moved, that is the probe.
    probe = score_in(asked.run.metrics, "baselines", "probe", name)
    kept = probe or score_in(asked.run.metrics, "evaluation", name)
    if not promised or kept is None or promised[0] <= kept.high:
        return ""
    return asked.say("promise", promised=percent(promised[0]), kept=percent(kept.value))


def _few(asked: _Question) -> str:
    metrics = trusted(asked.run.metrics)
    count = look_up(metrics, "evaluation", "count") or 0
    accuracy = score_in(metrics, "evaluation", "accuracy")
    if accuracy is None or count >= FEW:
        return ""
    return asked.say("few", count=count_text(count), width=f"{100 * (accuracy.high - accuracy.low):.0f}")


def _labels(asked: _Question) -> str:
    count = look_up(asked.page.check, "counts", "label_errors") or 0
    return asked.say("labels", count=count_text(count)) if count else ""


def _uneven(asked: _Question) -> str:
    ratio = look_up(asked.run.metrics, "audit", "imbalance") or 1
    return asked.say("uneven", times=f"{ratio:.1f}") if ratio >= UNEVEN else ""


def _weakest(asked: _Question) -> str:
    rows = [row for row in look_up(asked.run.metrics, "evaluation", "per_class") or [] if score_in(row, "recall")]
    if not rows:
        return ""
    row = min(rows, key=lambda one: one["recall"]["value"])
    wrong = round(row["support"] * (1 - row["recall"]["value"]))
    if not wrong:
        return ""
    names = look_up(asked.run.metrics, "evaluation", "classes")
    counts = list(look_up(asked.run.metrics, "evaluation", "confusion")[names.index(row["name"])])
    counts[names.index(row["name"])] = -1
    other = names[max(range(len(counts)), key=counts.__getitem__)]
    return asked.say(
        "weakest", name=row["name"], wrong=count_text(wrong), count=count_text(row["support"]), other=other
    )


_FINDERS: tuple[Callable[[_Question], str], ...] = (
    _leak,
    _near_leak,
    _no_better,
    _broken_promise,
    _few,
    _labels,
    _uneven,
    _weakest,
)
