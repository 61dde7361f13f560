"""The choices of settings, and what checks a single value."""

import re
from collections.abc import Sequence
from numbers import Number
from typing import Any, Literal, get_args, get_origin

from headstart.errors import RecipeError
from headstart.registry import names, nearest
from headstart.runtime.findings import did_you_mean

ActivationName = Literal["relu", "sigmoid", "tanh"]
DeviceName = Literal["auto", "cpu", "cuda"]
ScheduleName = Literal["cosine", "step", "one-cycle", "constant"]
SetName = Literal["lac", "aps", "raps"]
Names = tuple[str, ...]
NoveltyName = Literal["neighbours", "energy", "mahalanobis", "none"]

# How far the pretrained weights move; "last:2" moves the last two stages.
METHODS = ("probe", "lpft", "full", "last:N", "gradual", "norm", "lora", "contrastive", "scratch")


def seconds_of(limit: str) -> float:
    """Read a time such as ``90s``, ``10m`` or ``1.5h``; raises RecipeError for anything else.

    Examples
    --------
    >>> seconds_of("10m"), seconds_of("1.5h")
    (600.0, 5400.0)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", limit)
    if match is None or float(match[1]) == 0:
        raise RecipeError("settings.no_time", limit=limit)
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]


def list_values(given: Any) -> tuple[Any, ...]:  # noqa: ANN401 - one value, or several
    """List what may be given as one value, as several or as None.

    Examples
    --------
    >>> list_values("probe"), list_values(["probe", "full"]), list_values(None)
    (('probe',), ('probe', 'full'), ())
    """
    if given is None:
        return ()
    return (given,) if isinstance(given, (str, Number)) else tuple(given)


def last_stages(method: str) -> int:
    """Return how many stages ``last:N`` moves; 0 for every other method.

    Examples
    --------
    >>> last_stages("last:2"), last_stages("lpft")
    (2, 0)
    """
    match = re.fullmatch(r"last:(\d{1,4})", method)
    return int(match[1]) if match else 0


def check_method(method: str) -> None:
    """Refuse a method that is not known."""
    if (method in METHODS and method != "last:N") or last_stages(method):
        return
    known = [*METHODS[:3], "last:1", *METHODS[4:]]
    raise RecipeError(
        "settings.unknown_method", method=method, known=list(METHODS), hint=did_you_mean(nearest(method, known))
    )


def check_time_limit(limit: str) -> None:
    """Refuse a time that cannot be read; an empty one is none."""
    if limit:
        seconds_of(limit)


def check_batch_size(size: int) -> None:
    """Refuse a batch of one."""
    if size == 1:
        raise RecipeError("settings.batch_of_one")


def check_folds(folds: int) -> None:
    """Refuse a number of folds that is neither none nor several."""
    if folds:
        check_range("folds", folds, 2, 100)


def check_wise(wise: str) -> None:
    """Refuse what is neither empty, nor auto, nor a share."""
    if wise in ("", "auto"):
        return
    try:
        share = float(wise)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise RecipeError("settings.unknown_wise", wise=wise)


def check_type(name: str, value: object, expected: Any) -> None:  # noqa: ANN401 - a type or a Literal
    """Refuse a value that is not one of its choices, or of another type than the setting has."""
    if choices_of(expected):
        check_choice(name, value, choices_of(expected))
    elif get_origin(expected) is tuple and isinstance(value, tuple):
        for one in value:
            check_type(name, one, str)
    elif expected is float and type(value) is int:
        return
    elif type(value) is not expected:
        raise RecipeError(
            "settings.wrong_type", name=name, value=value, expected=expected.__name__, got=type(value).__name__
        )


def choices_of(kind: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a type or a Literal
    """Return the choices of a Literal; none of a type.

    Examples
    --------
    >>> choices_of(SetName), choices_of(Names)
    (('lac', 'aps', 'raps'), ())
    """
    return () if get_origin(kind) is tuple else get_args(kind)


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Refuse a value that is none of the choices."""
    if value not in choices:
        near = nearest(str(value), choices)
        raise RecipeError("settings.unknown_choice", name=name, value=value, known=choices, hint=did_you_mean(near))


def check_head(name: str) -> None:
    """Refuse a head that is not in the registry, to which other packages add theirs."""
    if name != "auto" and name not in names("heads"):
        check_choice("head", name, ["auto", *names("heads")])


def check_task(name: str) -> None:
    """Refuse a task that is not in the registry."""
    if name not in names("tasks"):
        check_choice("task", name, [*names("tasks")])


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Refuse a value outside of its range."""
    if not low <= value <= high:
        raise RecipeError("settings.out_of_range", name=name, value=value, low=low, high=high)


def listed(start: str, names: list[str], last: str = " and ") -> str:
    """List names in a sentence.

    Examples
    --------
    >>> listed("It can be", ["cpu", "cuda"], last=" or ")
    'It can be cpu or cuda.'
    """
    if len(names) == 1:
        return f"{start} {names[0]}."
    return f"{start} {', '.join(names[:-1])}{last}{names[-1]}."
