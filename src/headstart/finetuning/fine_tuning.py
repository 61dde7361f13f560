"""Fine-tuning: from a probe on frozen features to an encoder whose weights have moved, and a head that fits it."""

import time
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from headstart.encoders.fine_tuned import Origin, store_fine_tuned
from headstart.encoders.graph_cache import PreparedEncoder
from headstart.finetuning.build import TrainValidation, assemble, hold_out_validation
from headstart.finetuning.classifier import Classifier
from headstart.finetuning.contrastive import choose_moved
from headstart.finetuning.distributed import choose_engine, own_generator, use_cores
from headstart.finetuning.inputs import TrainingInputs
from headstart.finetuning.job import TrainingJob
from headstart.finetuning.loop import Training
from headstart.finetuning.losses import CONTRASTIVE
from headstart.finetuning.ranks import process_count
from headstart.finetuning.resume import find_checkpoint
from headstart.finetuning.short_training import train_and_score
from headstart.finetuning.snapshots import write_best_and_last
from headstart.finetuning.train_job import TrainingRecord, run_job
from headstart.finetuning.weight_interpolation import WeightChoice, choose_share, choose_weights
from headstart.heads.head import Decoding
from headstart.heads.linear import LinearHead, as_linear
from headstart.probing.probe import fit_probe
from headstart.runtime.context import RunContext
from headstart.runtime.malloc import retained_memory
from headstart.settings.rules import TrainingPlan
from headstart.tasks.base import load_task


@dataclass(frozen=True, slots=True, eq=False)
class FineTuned(TrainingRecord):
    """What fine-tuning left, beside what is told of it.

    Attributes
    ----------
    encoder
        The new encoder; None when the validation part preferred the probe as it was.
    head, decoding
        What stands on the new encoder.
    """

    encoder: PreparedEncoder | None
    head: LinearHead
    decoding: Decoding


def fine_tune(ground: TrainingInputs, plan: TrainingPlan, context: RunContext) -> FineTuned:
    """Move the weights as ``plan`` says; see :class:`FineTuned`.

    Raises
    ------
    RecipeError
        When a checkpoint of another run is to be resumed.
    EncoderError
        When there is not enough memory, or the new graph does not compute what the network computes.
    OutputError
        When a checkpoint or the new encoder cannot be written.
    """
    use_cores()
    engine = choose_engine(ground.recipe.run.device, process_count())
    halves = hold_out_validation(ground)
    resumed = find_checkpoint(ground, context)
    if resumed is not None:
        plan = TrainingPlan(**resumed.values["plan"])
    with retained_memory(), assemble(ground, plan, halves, engine, context) as made, own_generator():
        ran = run_job(ground, made.task, engine, context, resumed)
        training = ran.training
        if context.run_folder is not None and engine.rank == 0 and ground.encoder.files.weights is not None:
            write_best_and_last(ground, training.task, ran.outcome, context.run_folder)
        choice = choose_weights(training, ran.outcome, ran.starts)
        if plan.method == CONTRASTIVE:
            choice = choose_moved(ground, training, train_and_score, context)
        elif _probe_is_enough(ground, halves, training, choice):
            choice = replace(choice, share=0.0)
        record = ran.record(choice, halves.validation, time.perf_counter() - ran.began, made.notices)
        engine.close()
        encoder, head = _store_result(ground, training.task, choice, context)
    if encoder is not None and encoder.notice:
        record = replace(record, notices=(*record.notices, encoder.notice))
    told = {one.name: getattr(record, one.name) for one in fields(record)}
    decoding = choice.decoding or load_task(ground.target.task).decoding()
    return FineTuned(**told, encoder=encoder, head=head, decoding=decoding)


def _probe_is_enough(ground: TrainingInputs, halves: TrainValidation, training: Training, choice: WeightChoice) -> bool:
    """Compare with a probe that learned from the same examples, where a preset wants a choice and none was made yet.

    The way from the probe to the moved weights has been looked at when it begins at the probe itself: a linear one.
    """
    plan, validation = training.task.moving.plan, training.task.validation
    seen = plan.from_probe and not plan.regularisation and as_linear(ground.probe.head) is not None
    if seen or validation is None or not (plan.wise == "auto" or ground.recipe.training.preset):
        return False
    rows, held, loss = halves.train, halves.validation, training.task.loss
    probe = fit_probe(ground.features[rows], ground.labels[rows], ground.target, ground.groups[rows], ground.recipe)
    losses = [
        loss.held_out_losses(scores, validation.labels, decoding)
        for scores, decoding in (
            (probe.head.scores(ground.features[held]), probe.decoding),
            (training.predict(validation.views), choice.decoding),
        )
    ]
    return choose_share(np.stack(losses), validation.weights, validation.groups) == 0


def _store_result(
    ground: TrainingInputs, task: TrainingJob, choice: WeightChoice, context: RunContext
) -> "tuple[PreparedEncoder | None, LinearHead]":
    classifier: Classifier = task.moving.classifier
    if choice.share == 0:
        return None, LinearHead(*_head_arrays(classifier))
    if task.moving.plan.method == "lora":
        from headstart.finetuning.lora import merge_matrices

        merge_matrices(classifier.encoder)
    spec, files = ground.encoder.spec, ground.encoder.files
    method = task.moving.plan.name
    encoder = store_fine_tuned(classifier.encoder, Origin(spec, files, method), ground.sample(), context.cache_folder)
    return encoder, LinearHead(*_head_arrays(classifier), {"method": method})


def _head_arrays(classifier: Classifier) -> "tuple[Any, Any]":
    head = classifier.head
    return head.weight.detach().cpu().numpy().copy(), head.bias.detach().cpu().numpy().copy()
