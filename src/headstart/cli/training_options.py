"""Options of the verbs that move weights, each written once."""

from typing import Annotated

import typer

PANEL = "While weights move"


def _flag(text: str, *names: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(*names, help=text)
    return option


Epochs = Annotated[int | None, _flag("Passes over the pictures.  [default: by rule]")]
BatchSize = Annotated[int | None, _flag("Pictures at a time, in each process.  [default: by rule]")]
Optimizer = Annotated[str | None, _flag("adamw, adam or sgd.  [default: adamw]")]
Rate = Annotated[float | None, _flag("Largest learning rate.  [default: by rule]", "--lr")]
WeightDecay = Annotated[float | None, _flag("Never on biases and norms.  [default: 0.01]")]
LayerDecay = Annotated[float | None, _flag("How much slower each stage nearer to the input.  [default: by rule]")]
Schedule = Annotated[str | None, _flag("cosine, step, one-cycle or constant.  [default: cosine]")]
Warmup = Annotated[float | None, _flag("Share of the steps in which the rate rises.  [default: 0.1]")]
LabelSmoothing = Annotated[float | None, _flag("[default: 0.1]")]
Mixup = Annotated[float | None, _flag("Of the Beta distribution.  [default: 0]")]
Cutmix = Annotated[float | None, _flag("Of the Beta distribution.  [default: 0]")]
Augment = Annotated[str | None, _flag("auto, none, crop or trivial.  [default: auto]")]
NoAugment = Annotated[bool, _flag("The same as --augment none.", "--no-augment")]
Flip = Annotated[str | None, _flag("auto, none or horizontal.  [default: auto]")]
Views = Annotated[int | None, _flag("Versions of each picture, used in turn; 0: new ones.  [default: by rule]")]
PrefixCache = Annotated[
    bool | None,
    _flag("Compute frozen stages once.  [default: prefix-cache]", "--prefix-cache/--no-prefix-cache"),
]
Clip = Annotated[float | None, _flag("Largest norm of the gradient; 0: any.  [default: 1]")]
Accumulate = Annotated[int | None, _flag("Batches to a step.  [default: 1]")]
Average = Annotated[float | None, _flag("Decay of the moving average of the weights; 0: none.  [default: 0]", "--ema")]
Wise = Annotated[
    str | None,
    _flag("Share of the way from the probe to the new weights, or auto: chosen on the validation part."),
]
PullBack = Annotated[float | None, _flag("Strength of the pull to the pretrained weights.  [default: 0]", "--l2sp")]
Patience = Annotated[int | None, _flag("Epochs without improvement before it stops; 0: never.  [default: 0]")]
ValidationFraction = Annotated[
    float | None, _flag("Of the part to fit, held out for choosing while weights move.  [default: 0.2]")
]
BatchNorm = Annotated[str | None, _flag("Statistics: auto, frozen or trained.  [default: auto]")]
Rank = Annotated[int | None, _flag("Of the matrices of --method lora.  [default: 8]")]
CheckpointSeconds = Annotated[float | None, _flag("How much an interruption may cost.  [default: 20]")]
Preset = Annotated[
    str | None, _flag("fast: the probe; balanced: the last stage; best: everything. A rule chooses the rest.")
]
TimeLimit = Annotated[str | None, _flag("For the whole run: 90s, 10m, 1h; as many epochs as fit into it.")]
Resume = Annotated[bool, _flag("Go on with an interrupted run: --out, or the newest of this data.", "--resume")]
TensorBoard = Annotated[bool, _flag("Write files for TensorBoard into the run folder.", "--tensorboard")]
Profile = Annotated[bool, _flag("Profile some steps: a trace, and the dearest operations.", "--profile")]
FindRate = Annotated[bool, _flag("Look for the learning rate first; draws the curve.", "--find-rate")]
