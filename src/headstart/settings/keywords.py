"""The settings of a recipe as keyword arguments, for editors and type checkers; written by ``make keywords``."""

from typing import Literal, TypedDict


class Settings(TypedDict, total=False):
    """Every setting by its key; see :mod:`headstart.settings.sections`."""

    task: str
    path_column: str
    label_column: str
    text_column: str
    encoding: str
    labels: tuple[str, ...]
    images: str
    strict: bool
    test: str
    test_fraction: float
    shots: int
    folds: int
    repeats: int
    group_by: str
    group_pattern: str
    keep_duplicates_together: bool
    validation_fraction: float
    encoder: str
    precision: Literal["fp32", "int8"]
    head: str
    activation: Literal["relu", "sigmoid", "tanh"]
    hidden: int
    balance: bool
    inner_folds: int
    method: str
    preset: Literal["", "fast", "balanced", "best"]
    time_limit: str
    epochs: int
    batch_size: int
    optimizer: Literal["adamw", "adam", "sgd"]
    lr: float
    weight_decay: float
    layer_decay: float
    schedule: Literal["cosine", "step", "one-cycle", "constant"]
    warmup: float
    label_smoothing: float
    mixup: float
    cutmix: float
    views: int
    prefix_cache: bool
    clip: float
    accumulate: int
    ema: float
    wise: str
    l2sp: float
    patience: int
    batch_norm: Literal["auto", "frozen", "trained"]
    rank: int
    resamples: int
    coverage: float
    sets: Literal["lac", "aps", "raps"]
    abstain: float
    novelty: Literal["neighbours", "energy", "mahalanobis", "none"]
    false_alarms: float
    reject_unlike: bool
    seed: int
    device: Literal["auto", "cpu", "cuda"]
    checkpoint_seconds: float
    augment: Literal["auto", "none", "crop", "trivial"]
    flip: Literal["auto", "none", "horizontal"]
    range: Literal["depth", "data"]
    max_megapixels: float
