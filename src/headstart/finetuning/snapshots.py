"""Of a training that is over, the networks of the best and of the last epoch, each as a folder in timm's layout."""

import copy
import json
from pathlib import Path

import torch

from headstart.encoders.timm_config import timm_config
from headstart.finetuning.checkpoint import remove_partial, write_tensors
from headstart.finetuning.classifier import Classifier, Tensors
from headstart.finetuning.inputs import TrainingInputs
from headstart.finetuning.job import TrainingJob, TrainingOutcome

BEST, LAST_EPOCH = "best", "last"  # folders beside the checkpoint


def write_best_and_last(ground: TrainingInputs, task: TrainingJob, outcome: TrainingOutcome, folder: Path) -> None:
    """Write ``folder/best`` and ``folder/last``: ``--encoder`` and ``timm.create_model("local-dir:...")`` open them.

    The network is left with the weights of the last epoch. A network whose classifier is no linear layer is written
    without its head.

    Raises
    ------
    OutputError
        When they cannot be written.
    """
    for name, tensors in ((BEST, outcome.tensors), (LAST_EPOCH, outcome.last)):
        task.moving.load(tensors)
        _write(ground, task.moving.classifier, folder / name)


def _write(ground: TrainingInputs, classifier: Classifier, folder: Path) -> None:
    spec, encoder = ground.encoder.spec, ground.encoder.files.config
    tensors = _whole_encoder(classifier)
    config = encoder
    if spec.classifier:
        config = timm_config(spec, encoder, ground.target.names)
        tensors |= {f"{spec.classifier}.{name}": tensor for name, tensor in classifier.head.state_dict().items()}
    remove_partial(folder)  # of a run that was killed just here
    write_tensors(folder / "model.safetensors", tensors, {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, ensure_ascii=False, indent=2), encoding="utf-8")


def _whole_encoder(classifier: Classifier) -> Tensors:
    encoder: torch.nn.Module = classifier.encoder
    if any("lora_" in name for name, _ in encoder.named_parameters()):
        from headstart.finetuning.lora import merge_matrices

        encoder = copy.deepcopy(encoder)
        merge_matrices(encoder)
    return dict(encoder.state_dict())
