"""Recipe: everything a run needs, frozen, checked on creation, to and from TOML."""

import json
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from headstart.errors import RecipeError
from headstart.settings.fields import (
    RANGES,
    ActivationName,
    AugmentName,
    BatchNormName,
    DeviceName,
    FlipName,
    HeadName,
    NoveltyName,
    OptimizerName,
    PrecisionName,
    PresetName,
    ScheduleName,
    SetName,
    check_method,
    check_range,
    check_type,
    hint,
    listed,
    seconds_of,
)


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
    method: str = "probe"  # frozen encoder, fitted head: the right first answer on a small set
    head: HeadName = "auto"  # cross-validation chooses; seconds, because the features are stored
    activation: ActivationName = "relu"  # of the hidden layer, for head = "mlp"
    hidden: int = 128  # width of the hidden layer, for head = "mlp"
    balance: bool = False  # True weighs every class alike while fitting
    seed: int = 0  # reaches every split, draw and loop
    test_fraction: float = 0.2  # held out for scoring when the data has no test part of its own
    inner_folds: int = 5  # of the cross-validation that chooses the head, inside the part to fit
    folds: int = 0  # 0: one part is held out for scoring; 5: every picture is scored, in five folds
    repeats: int = 1  # of the folds, each time drawn anew
    group_by: str = ""  # column of a table whose values must not fall on both sides of a split
    group_pattern: str = ""  # or a regular expression on the path; its first group names the patient, video, site
    keep_duplicates_together: bool = True  # near copies stay on one side of every split, as identical files do
    strict: bool = False  # True refuses data with unreadable pictures instead of leaving them out
    device: DeviceName = "auto"  # cuda when there is one
    precision: PrecisionName = "fp32"  # int8: the network is quantised first, the head is fitted on what it then gives
    resamples: int = 1000  # of the bootstrap behind the intervals
    # Knowing when not to answer:
    coverage: float = 0.9  # how often the set of classes given for a picture shall hold the true one
    sets: SetName = "lac"  # how the sets are made: lac gives the smallest, aps more even ones
    abstain: float = 0.0  # share of the answers that shall be right: less sure ones are not given; 0: all are given
    novelty: NoveltyName = "neighbours"  # how pictures unlike the training pictures are found
    false_alarms: float = 0.05  # share of pictures like the training pictures that may be taken for unlike ones
    reject_unlike: bool = False  # True gives no answer for pictures unlike the training pictures
    # While weights move:
    preset: PresetName = ""  # chooses method and effort: fast is the probe alone, balanced the last stage, best all
    time_limit: str = ""  # "10m", "90s", "1h": as many epochs as fit into it; empty: as many as the rule says
    epochs: int = 0  # 0: as many as the method and the number of pictures ask for
    batch_size: int = 0  # 0: 32, or so few that an epoch has four steps: small sets need steps more than smooth ones
    optimizer: OptimizerName = "adamw"
    lr: float = 0.0  # the largest learning rate of the schedule; 0: the rule's for the method
    weight_decay: float = 0.01  # never on biases and normalisation layers
    layer_decay: float = 0.0  # each stage nearer to the input learns this many times slower; 0: the rule's
    schedule: ScheduleName = "cosine"
    warmup: float = 0.1  # share of the steps in which the rate rises
    label_smoothing: float = 0.1
    mixup: float = 0.0  # of the Beta distribution; blends blur what a small set can teach
    cutmix: float = 0.0
    augment: AugmentName = "auto"  # crops while weights move
    flip: FlipName = "auto"  # mirrored, unless the names of the classes are about sides or signs
    views: int = 0  # augmented versions of each picture that are used in turn; 0: a new one in every epoch
    prefix_cache: bool = True  # stages that stay frozen are computed once for each view, where views are few
    clip: float = 1.0  # largest norm of the gradient; 0: not clipped
    accumulate: int = 1  # batches to a step
    ema: float = 0.0  # decay of the moving average of the weights; 0: none
    wise: str = ""  # share of the way from the probe to the fine-tuned weights; auto: chosen on the validation part
    l2sp: float = 0.0  # strength of the pull towards the pretrained weights
    patience: int = 0  # epochs without improvement before it stops; 0: never
    validation_fraction: float = 0.2  # of the part to fit, held out for choosing while weights move
    batch_norm: BatchNormName = "auto"  # statistics of BatchNorm: frozen, unless the weights begin at random
    rank: int = 8  # of the matrices that method = "lora" adds
    checkpoint_seconds: float = 20.0  # how much an interruption may cost

    def __post_init__(self) -> None:
        """Check every value once, here, so that no stage has to."""
        for field in fields(self):
            check_type(field.name, getattr(self, field.name), type(self).__annotations__[field.name])
        check_range("hidden", self.hidden, 1, 65536)
        check_range("seed", self.seed, 0, 2**32 - 1)
        check_range("test_fraction", self.test_fraction, 0.01, 0.9)
        check_range("inner_folds", self.inner_folds, 2, 100)
        check_range("resamples", self.resamples, 100, 100_000)
        check_range("coverage", self.coverage, 0.5, 0.999)
        check_range("abstain", self.abstain, 0.0, 0.999)
        check_range("false_alarms", self.false_alarms, 0.001, 0.5)
        for name, bounds in RANGES.items():
            check_range(name, getattr(self, name), *bounds)
        if self.batch_size == 1:
            raise RecipeError(
                "The setting batch_size = 1 is out of range.",
                "One picture has no variance; it can be 2 to 65536, or 0.",
            )
        check_method(self.method)
        _check_precision(self)
        _check_folds(self)
        _check_wise(self.wise, self.method)
        if self.time_limit:
            seconds_of(self.time_limit)

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
                    f"{where} has an unknown key '{key}'.", listed("The keys are", known), hint(key, known)
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


def _check_folds(recipe: Recipe) -> None:
    check_range("repeats", recipe.repeats, 1, 100)
    if recipe.folds == 0 and recipe.repeats > 1:
        raise RecipeError(
            f"The setting repeats = {recipe.repeats} goes with folds.",
            "It is how often they are drawn.",
            "Set folds = 5.",
        )
    if recipe.folds == 0:
        return
    check_range("folds", recipe.folds, 2, 100)
    moving = {"method": recipe.method} if recipe.method != "probe" else {"preset": recipe.preset}
    name, value = moving.popitem()
    if value not in ("probe", "fast", ""):
        raise RecipeError(
            f"The setting folds = {recipe.folds} does not go with {name} = {value!r}.",
            "It would train the network once for every fold, and once more for the model.",
            "Use folds with method = 'probe'; headstart compare trains networks several times, and says how long.",
        )


def _check_precision(recipe: Recipe) -> None:
    if recipe.precision == "int8" and (recipe.method != "probe" or recipe.preset not in ("", "fast")):
        raise RecipeError(
            "The setting precision = 'int8' goes with method = 'probe' alone.",
            "A network in whole numbers cannot be trained.",
            "Move the weights in fp32, and export the model with --int8.",
        )


def _check_wise(wise: str, method: str) -> None:
    if wise and method in ("full", "scratch"):
        raise RecipeError(
            f"The setting wise = {wise!r} does not go with method = {method!r}.",
            "Its head begins at random, so no way leads from the probe to it.",
            "Use method = 'lpft', which begins at the probe.",
        )
    if wise in ("", "auto"):
        return
    try:
        share = float(wise)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise RecipeError(f"The setting wise = {wise!r} is not known.", "It can be auto, or a share from 0 to 1.")


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A JSON string is a TOML basic string, but for DEL, which JSON leaves bare.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


def read_recipe(path: Path | None, given: dict[str, Any]) -> Recipe:
    """Read the settings of a command line; what is ``given`` beats the file."""
    return Recipe.from_mapping(given, "The command line") if path is None else Recipe.from_toml(path, **given)
