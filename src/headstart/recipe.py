"""Recipe: everything a run needs, frozen, checked on creation, to and from TOML."""

import json
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypedDict, get_args

from headstart.errors import RecipeError
from headstart.registry import nearest

MethodName = Literal["probe"]
HeadName = Literal["auto", "logistic", "ridge", "lda", "knn", "centroid", "mlp"]
ActivationName = Literal["relu", "sigmoid", "tanh"]
DeviceName = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides the outcome of a run; the same keys as the command line.

    Raises
    ------
    RecipeError
        When a value is of the wrong type, out of its range, or not one of its choices.

    Examples
    --------
    >>> Recipe(head="ridge").head
    'ridge'
    >>> Recipe(head="rigde")
    Traceback (most recent call last):
    headstart.errors.RecipeError: The setting head = 'rigde' is not known. It can be auto, logistic, ridge, lda, knn,
    centroid or mlp. Did you mean 'ridge'?
    """

    encoder: str = "efficientnet_lite0"  # its weights come with a package, so it works without a network
    method: MethodName = "probe"  # frozen encoder, fitted head: the right first answer on a small set
    head: HeadName = "auto"  # cross-validation chooses; seconds, because the features are stored
    activation: ActivationName = "relu"  # of the hidden layer, for head = "mlp"
    hidden: int = 128  # width of the hidden layer, for head = "mlp"
    balance: bool = False  # True weighs every class alike while fitting
    seed: int = 0  # reaches every split, draw and loop
    test_fraction: float = 0.2  # held out for scoring when the data has no test part of its own
    folds: int = 5  # of the cross-validation inside the training part
    group_by: str = ""  # column of a table whose values must not fall on both sides of a split
    group_pattern: str = ""  # or a regular expression on the path; its first group names the patient, video, site
    strict: bool = False  # True refuses data with unreadable pictures instead of leaving them out
    device: DeviceName = "auto"  # cuda when there is one
    resamples: int = 1000  # of the bootstrap behind the intervals

    def __post_init__(self) -> None:
        """Check every value once, here, so that no stage has to."""
        for field in fields(self):
            _check_type(field.name, getattr(self, field.name), type(self).__annotations__[field.name])
        _check_range("hidden", self.hidden, 1, 65536)
        _check_range("seed", self.seed, 0, 2**32 - 1)
        _check_range("test_fraction", self.test_fraction, 0.01, 0.9)
        _check_range("folds", self.folds, 2, 100)
        _check_range("resamples", self.resamples, 100, 100_000)

    @classmethod
    def from_toml(cls, path: str | Path, **changes: Any) -> "Recipe":  # noqa: ANN401 - checked by _from_mapping
        """Read a recipe file; keyword arguments win over the file; unknown keys are errors."""
        try:
            values = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))  # some editors put a mark first
        except FileNotFoundError:
            raise RecipeError(
                f"The recipe '{path}' does not exist.", remedy="Check the path; a run leaves its own as recipe.toml."
            ) from None
        except OSError as error:
            raise RecipeError(
                f"The recipe '{path}' cannot be read.", f"{error.strerror}.", "Check the path and its rights."
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise RecipeError(
                f"The recipe '{path}' is not TOML.", f"{error}.", 'Write lines such as: head = "ridge"'
            ) from error
        return cls.from_mapping({**values, **changes}, where=f"The recipe '{path}'")

    @classmethod
    def from_mapping(cls, values: dict[str, Any], where: str = "The recipe") -> "Recipe":
        """Make a recipe from keys and values; an unknown key is an error that names the nearest one."""
        known = [field.name for field in fields(cls)]
        for key in values:
            if key not in known:
                raise RecipeError(
                    f"{where} has an unknown key '{key}'.", _list("The keys are", known), _hint(key, known)
                )
        return cls(**values)

    def to_toml(self) -> str:
        """Write the recipe as TOML that :meth:`from_toml` reads back.

        Examples
        --------
        >>> Recipe(head="ridge").to_toml().splitlines()[2]
        'head = "ridge"'
        """
        return "".join(f"{key} = {_toml(value)}\n" for key, value in asdict(self).items())


class Settings(TypedDict, total=False):
    """The keys of a :class:`Recipe` as keyword arguments, for editors and type checkers; a test holds the two equal."""

    encoder: str
    method: MethodName
    head: HeadName
    activation: ActivationName
    hidden: int
    balance: bool
    seed: int
    test_fraction: float
    folds: int
    group_by: str
    group_pattern: str
    strict: bool
    device: DeviceName
    resamples: int


def _check_type(name: str, value: object, expected: Any) -> None:  # noqa: ANN401 - a type or a Literal
    choices = get_args(expected)
    if choices:
        if value not in choices:
            raise RecipeError(
                f"The setting {name} = {value!r} is not known.",
                _list("It can be", list(choices), last=" or "),
                _hint(str(value), list(choices)),
            )
    elif expected is float and type(value) is int:
        return
    elif type(value) is not expected:
        raise RecipeError(
            f"The setting {name} = {value!r} has the wrong type.",
            f"Expected {expected.__name__}, got {type(value).__name__}.",
        )


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise RecipeError(f"The setting {name} = {value!r} is out of range.", f"It can be {low} to {high}.")


def _list(start: str, names: list[str], last: str = " and ") -> str:
    if len(names) == 1:
        return f"{start} {names[0]}."
    return f"{start} {', '.join(names[:-1])}{last}{names[-1]}."


def _hint(name: str, known: list[str]) -> str:
    near = nearest(name, known)
    return f"Did you mean '{near}'?" if near else ""


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A JSON string is a TOML basic string, but for DEL, which JSON leaves bare.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
