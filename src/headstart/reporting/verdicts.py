"""What a comparison says in sentences, from its plain data: the console and the page say the same."""

from collections.abc import Mapping, Sequence
from typing import Any

from headstart.metrics.values import Score
from headstart.runtime.catalogue import Texts

Json = Mapping[str, Any]


def cleaning_code(gain: Score) -> str:
    """Return the code of the sentence on what leaving suspect examples out changes."""
    return f"reporting.leaving_{'helps' if gain.low > 0 else 'hurts' if gain.high < 0 else 'open'}"


def transfer_verdicts(compare: Json, texts: Texts) -> list[str]:
    """State plainly what the transfer was worth, one sentence for each arm, in the order of the sizes."""
    gains = [gain for gain in compare.get("gain") or () if isinstance(gain.get("value"), int | float)]
    if not gains:
        return [texts.say("reporting.no_transfer")]
    said = []
    for arm in dict.fromkeys(gain["arm"] for gain in gains):
        own = [gain for gain in gains if gain["arm"] == arm]
        name, against = (texts.name("reporting.arm", one) for one in (arm, own[0]["against"]))
        best = max(own, key=lambda gain: gain["value"])
        values = {
            "best": _shots([best], texts),
            "points": 100 * best["value"],
            "against": against,
            "needed": _labels_needed(multiplier_of(compare, best), texts),
        }
        parts = [
            texts.say(f"reporting.transfer_{kind}", {"shots": _shots(found, texts), **values})
            for kind, found in (
                ("helps", [gain for gain in own if gain["low"] > 0]),
                ("hurts", [gain for gain in own if gain["high"] < 0]),
                ("open", [gain for gain in own if gain["low"] <= 0 <= gain["high"]]),
            )
            if found
        ]
        said.append(
            texts.say("reporting.transfer", {"arm": name[0].upper() + name[1:], "against": against, "parts": parts})
        )
    return said


def factor_sentence(factor: Json, texts: Texts) -> str:
    """Say what a factor did, or what it takes to measure it; empty for a comparison without the values of the sentence.

    ``factor`` is an :class:`headstart.studies.ablations.Ablation` as plain data.
    """
    name, arm = str(factor["factor"]), str(factor.get("arm") or "")
    kind = name.split()[0]
    if factor.get("effect") is None:
        code = f"reporting.unmeasured_{kind}{'_arm' if arm else ''}"
        return texts.say(code, {"arm": arm}) if texts.find(code) else ""
    if not factor.get("shots") or not texts.find(f"reporting.driven_{kind}"):
        return ""
    effect, low, high = (100 * factor[end] for end in ("effect", "low", "high"))
    size = f"{factor.get('size') or 0:.3g}"
    values = {
        "shots": _each(str(factor["shots"]), texts),
        "start": _word(str(factor.get("start") or ""), texts),
        "mean": "" if size == str(factor["shots"]) else texts.say("reporting.mean_size", {"size": size}),
        "arm": texts.name("reporting.arm", arm),
        "effect": effect,
        "points": texts.say("reporting.points", {"points": effect, "low": low, "high": high}),
        "low": low,
        "high": high,
        "steps": factor.get("steps"),
    }
    return texts.say(f"reporting.driven_{kind}", values)


def factor_line(factor: Json, texts: Texts) -> str:
    """Write the same with the name of the factor before it; empty where there is nothing to say."""
    sentence = factor_sentence(factor, texts)
    values = {"factor": texts.name("page.factor", str(factor["factor"])), "sentence": sentence}
    return texts.say("reporting.factor", values) if sentence else ""


def multiplier_of(compare: Json, gain: Json) -> Json | None:
    """Find how many times more labels the other arm needs for this gain; None where it is not known."""
    return next(
        (
            found
            for found in compare.get("data_multiplier") or ()
            if (found.get("arm"), found.get("shots")) == (gain.get("arm"), gain.get("shots"))
        ),
        None,
    )


def multiplier_text(multiplier: Json, texts: Texts) -> str:
    """Estimate how many times more labels are needed.

    Examples
    --------
    >>> from headstart.runtime.catalogue import ENGLISH
    >>> multiplier_text({"value": 12.3, "bound": "more than"}, ENGLISH)
    'more than 12'
    """
    value = multiplier["value"]
    bound = str(multiplier.get("bound") or "exact").split()[0]
    return texts.say(f"reporting.times_{bound}", {"times": f"{value:.2g}" if value < 10 else f"{value:,.0f}"})


def out_of_reach(multiplier: Json | None) -> bool:
    """Whether the other arm, with all there is, stays below: "more than once the labels" tells nobody anything.

    Examples
    --------
    >>> out_of_reach({"value": 1.0, "bound": "more than"}), out_of_reach({"value": 4.0, "bound": "more than"})
    (True, False)
    """
    return multiplier is not None and multiplier.get("bound") == "more than" and multiplier["value"] < 1.05


def _labels_needed(multiplier: Json | None, texts: Texts) -> str:
    if multiplier is None or out_of_reach(multiplier):
        return texts.say("reporting.never_there")
    return texts.say("reporting.would_need", {"times": multiplier_text(multiplier, texts)})


def _shots(gains: Sequence[Json], texts: Texts) -> str:
    return texts.join([_word(gain["shots"], texts) for gain in gains])


def _word(shots: int | str, texts: Texts) -> str:
    return texts.say("page.shots.word_all") if shots == "all" else str(shots)


def _each(shots: str, texts: Texts) -> str:
    return texts.say("reporting.each_all" if shots == "all" else "reporting.each", {"count": shots})
