"""The sections of a recipe that every run has. A setting is written here and nowhere else.

The help is what ``--help`` says; a comment says why the default is as it is. Flags, keywords and recipe files are made
from these lines. What makes sense for one kind of examples only is a section of that modality.
"""

from dataclasses import dataclass
from typing import Literal

from headstart.registry import TABLES
from headstart.settings import fields
from headstart.settings.section import Section, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSettings(Section):
    """How data is read."""

    section = "data"
    about = "what is read"

    task: str = setting(
        "classification",
        f"Kind of answer: {fields.listed('', list(TABLES['tasks']), last=' or ').strip()}",
        check=fields.check_task,
    )
    path_column: str = setting("", "Column of a table with the paths, where its name does not tell.")
    label_column: str = setting("", "Column of a table with the labels, where its name does not tell.")
    text_column: str = setting("", "Column of a table with the texts, where its name does not tell.")
    encoding: str = setting("", "Of tables and text files, where their bytes do not tell, such as big5.")
    labels: fields.Names = setting(
        (),
        "Names of the classes, for a first model without labelled examples; 'sports: news about sport' describes one.",
        shown="",
    )
    images: str = setting("", "Folder that the paths of a table are relative to, where it is not the table's own.")
    strict: bool = setting(False, "Refuse data with unreadable pictures instead of leaving them out.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSettings(Section):
    """How data is divided."""

    section = "split"
    about = "what is held out, and what stays together"

    test: str = setting("", "Folder or table to score instead of holding a part out.")
    test_fraction: float = setting(0.2, "Held out for scoring when the data has no part for it.", 0.01, 0.9)
    shots: int = setting(  # 0: zero-shot
        -1, "Labelled examples of each class to learn from; 0: none, the names of the classes alone.", -1, 10**6,
        shown="all",
    )  # fmt: skip
    folds: int = setting(  # 0: one part is held out for scoring
        0, "Score every picture, in so many folds, instead of holding a part out.", check=fields.check_folds, shown=""
    )
    repeats: int = setting(1, "Of the folds, each time drawn anew.", 1, 100)
    group_by: str = setting("", "Column whose values (patient, video, site) stay on one side of a split.")
    group_pattern: str = setting("", "The same, read from the path by a regular expression.")
    keep_duplicates_together: bool = setting(  # as identical files do
        True, "Near copies stay on one side of a split, too."
    )
    validation_fraction: float = setting(0.2, "Of the part to fit, held out for choosing while weights move.", 0.0, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSettings(Section):
    """The pretrained network."""

    section = "encoder"
    about = "the pretrained network"

    name: str = setting(  # its weights come with a package, so it works without a network
        "efficientnet_lite0", "Pretrained network; of texts e5_small: see 'headstart encoders'.", common=True
    )
    precision: Literal["fp32", "int8"] = setting(
        "fp32", "fp32, or int8: the network is quantised before the head is fitted."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadSettings(Section):
    """What is fitted to the features."""

    section = "head"
    about = "what is fitted to the features"

    name: str = setting(  # cross-validation chooses; seconds, because the features are stored
        "auto", fields.listed("", ["auto", *TABLES["heads"]], last=" or ").strip(), check=fields.check_head
    )
    activation: fields.ActivationName = setting("relu", "Of the mlp: {}.")
    hidden: int = setting(128, "Width of the mlp's hidden layer.", 1, 65536)
    balance: bool = setting(False, "Weigh every class alike while fitting.")
    inner_folds: int = setting(5, "Of the cross-validation that chooses the head, inside the part to fit.", 2, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings(Section):
    """Which weights move, and how; all but method and preset decide nothing while none does."""

    section = "training"
    about = "which weights of the network move, and how"

    method: str = setting(  # frozen encoder, fitted head: the right first answer on a small set
        "probe",
        "What moves: probe, lpft, full, last:N, gradual, norm, lora, contrastive or scratch.",
        check=fields.check_method,
        common=True,
    )
    preset: Literal["", "fast", "balanced", "best"] = setting(
        "", "fast: the probe; balanced: the last stage; best: everything. A rule chooses the rest.", common=True
    )
    time_limit: str = setting(  # empty: as many epochs as the rule says
        "",
        "For the whole run: 90s, 10m, 1h; as many epochs as fit into it.",
        check=fields.check_time_limit,
        common=True,
    )
    epochs: int = setting(  # 0: as many as the method and the number of examples ask for
        0, "Passes over the pictures.", 0, 100_000, shown="by rule"
    )
    batch_size: int = setting(  # 0: 32, or so few that an epoch has four steps: small sets need steps more
        0, "Pictures at a time, in each process.", 0, 65536, check=fields.check_batch_size, shown="by rule"
    )
    optimizer: Literal["adamw", "adam", "sgd"] = setting("adamw", "{}.")
    lr: float = setting(0.0, "Largest learning rate.", 0.0, 100.0, shown="by rule")
    weight_decay: float = setting(0.01, "Never on biases and norms.", 0.0, 10.0)
    layer_decay: float = setting(0.0, "How much slower each stage nearer to the input.", 0.0, 1.0, shown="by rule")
    schedule: fields.ScheduleName = setting("cosine", "{}.")
    warmup: float = setting(0.1, "Share of the steps in which the rate rises.", 0.0, 0.9)
    label_smoothing: float = setting(0.1, "Share of the target that is spread over all classes.", 0.0, 0.9)
    mixup: float = setting(0.0, "Of the Beta distribution.", 0.0, 10.0)  # blends blur what a small set can teach
    cutmix: float = setting(0.0, "Of the Beta distribution.", 0.0, 10.0)
    views: int = setting(  # 0: a new one in every epoch
        0, "Versions of each picture, used in turn; 0: new ones.", 0, 1000, shown="by rule"
    )
    prefix_cache: bool = setting(True, "Compute frozen stages once.")  # for each view, where views are few
    clip: float = setting(1.0, "Largest norm of the gradient; 0: any.", 0.0, 1e6)
    accumulate: int = setting(1, "Batches to a step.", 1, 4096)
    ema: float = setting(0.0, "Decay of the moving average of the weights; 0: none.", 0.0, 0.99999)
    wise: str = setting(
        "",
        "Share of the way from the probe to the new weights, or auto: chosen on the validation part.",
        check=fields.check_wise,
    )
    l2sp: float = setting(0.0, "Strength of the pull to the pretrained weights.", 0.0, 10.0)
    patience: int = setting(0, "Epochs without improvement before it stops; 0: never.", 0, 100_000)
    # Frozen, unless the weights begin at random.
    batch_norm: Literal["auto", "frozen", "trained"] = setting("auto", "Statistics: {}.")
    rank: int = setting(8, "Of the matrices of --method lora.", 1, 4096)


@dataclass(frozen=True, slots=True, kw_only=True)
class UncertaintySettings(Section):
    """How sure a score and an answer are, and when none is given."""

    section = "uncertainty"
    about = "how sure scores and answers are, and when none is given"

    resamples: int = setting(1000, "Of the bootstrap behind the intervals.", 100, 100_000)
    coverage: float = setting(0.9, "How often the set of classes shall hold the true one.", 0.5, 0.999)
    sets: fields.SetName = setting("lac", "How sets of classes are made: {}.")  # lac: the smallest; aps: more even ones
    abstain: float = setting(
        0.0, "Give only answers of which this share is right, as far as can be promised.", 0.0, 0.999, shown="all"
    )
    novelty: fields.NoveltyName = setting("neighbours", "How pictures unlike the training pictures are found: {}.")
    false_alarms: float = setting(0.05, "Share of known pictures that may be taken for unlike ones.", 0.001, 0.5)
    reject_unlike: bool = setting(False, "Give no answer for pictures unlike the training pictures.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings(Section):
    """What a run is given besides: chance, machine, interruptions."""

    section = "run"
    about = "chance, machine, files"

    seed: int = setting(0, "Reaches every split, draw and loop.", 0, 2**32 - 1, common=True)
    device: fields.DeviceName = setting("auto", "{}.")  # cuda when there is one
    checkpoint_seconds: float = setting(20.0, "How much an interruption may cost.", 0.0, 86_400.0)
