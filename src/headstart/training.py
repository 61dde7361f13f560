"""What happens inside a run: from planned data to a model and its scores, as a row of named stages."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from headstart.embedding import read_usable
from headstart.encoders.colours import ColourHistogram
from headstart.encoders.loading import load_encoder, open_saved
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.features.reading import read_features
from headstart.features.values import Extraction
from headstart.learning.cross_validation import predict_in_folds
from headstart.learning.ground import Ground
from headstart.learning.probe import Probe, fit_probe
from headstart.learning.sample import Sample, even_rows, require_some, require_two_classes, take_sample
from headstart.metrics.cross_validation import evaluate_folds
from headstart.metrics.guard import Guard
from headstart.metrics.guard_scores import Scored
from headstart.metrics.guarding import make_guard, measure_guard, rows_to_encode
from headstart.metrics.scoreboard import Scoreboard, make_scoreboard
from headstart.metrics.values import ScoredPart
from headstart.model import Model
from headstart.places import Place
from headstart.recipe import Recipe
from headstart.reporting.plan import Plan
from headstart.rules import training_plan
from headstart.saving.record import describe, keep_references
from headstart.saving.references import MOST_ENCODED, MOST_ROWS
from headstart.workplace import Workplace

if TYPE_CHECKING:
    from headstart.encoders.torch_engine import TorchEncoder
    from headstart.learning.fine_tuning import Tuned


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and all that was found on the way; ``probabilities`` are those of the pictures in ``scored``.

    ``tuned`` is None when no weight moved.
    """

    model: Model
    extraction: Extraction
    probe: Probe
    board: Scoreboard
    scored: Sample
    probabilities: npt.NDArray[np.float64]
    tuned: "Tuned | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Every picture's features and colours, (n, D) each, and the two parts: to fit, and to score."""

    features: npt.NDArray[np.float32]
    colours: npt.NDArray[np.float32]
    fitted: Sample
    scored: Sample


@dataclass(frozen=True, slots=True, eq=False)
class Final:
    """What answers in the end: an encoder, its features (n, D), and a head.

    ``kept`` are the rows of the fitted part to keep as references; ``validation`` those that a training held out;
    ``tuned`` is that training, or None when no weight moved.
    """

    encoder: "OnnxEncoder | TorchEncoder"
    features: npt.NDArray[np.float32]
    probe: Probe
    kept: npt.NDArray[np.int64]
    validation: npt.NDArray[np.int64] | None = None
    tuned: "Tuned | None" = None


def train(planned: Plan, place: Place, work: Workplace | None = None) -> Trained:
    """Encode once, fit a head, move weights if wanted, score on the part that nothing was chosen on."""
    recipe, classes = planned.recipe, planned.dataset.classes
    encoder = planned_encoder(planned, place)
    walk = read_usable(planned.audit, (encoder, ColourHistogram()), place, planned.audit.usable, recipe.strict)
    seen = divide(planned, walk)
    fitted = seen.fitted
    probe = fit_probe(seen.features[fitted.positions], fitted.labels, classes, fitted.groups, recipe, place.progress)
    # Leave-one-out chooses the baseline's strength; the inner folds only give its temperature, and two of them do.
    cheap = replace(recipe, head="ridge", inner_folds=2)
    simple = fit_probe(seen.colours[fitted.positions], fitted.labels, classes, fitted.groups, cheap)
    tuned = move_weights(ground_of(planned, seen, encoder, probe), place, work or Workplace())
    final = settle(planned, seen, Final(encoder, seen.features, probe, every_row(seen, recipe)), tuned, place)
    guard = make_guard(recipe, final.probe, final.features[fitted.positions], fitted, final.kept, final.validation)
    probabilities, board = score(planned, seen, (probe, simple), final, guard, place)
    saved = describe(planned, final.encoder.spec, final.probe, simple, fitted, board, datetime.now().astimezone())
    saved = replace(keep_references(saved, planned, final.features, fitted, final.kept, place.folder), guard=guard)
    model = Model(final.encoder, saved, final.encoder.files, board)
    return Trained(model, walk, probe, board, seen.scored, probabilities, tuned)


def divide(planned: Plan, walk: Extraction) -> Seen:
    """Divide what was encoded into the parts of the plan, without what cannot be read."""
    fitted, scored = (
        take_sample(planned.dataset, positions, planned.audit.together, walk.failures)
        for positions in (planned.parts.fit, planned.parts.score)
    )
    require_two_classes(fitted.labels, planned.dataset.classes)
    require_some(scored)
    features, colours = (found.matrix for found in walk.features)
    return Seen(features, colours, fitted, scored)


def move_weights(ground: Ground, place: Place, work: Workplace) -> "Tuned | None":
    """Fine-tune when the recipe asks for it; None otherwise."""
    moves = training_plan(ground.recipe, len(ground.labels), ground.classes)
    if moves is None:
        if work.tensorboard or work.profile or work.find_rate:
            place.tell("No weight moves with the method 'probe': there is nothing to watch, to profile or to search.")
        return None
    from headstart.learning.fine_tuning import fine_tune  # loads torch: seconds

    return fine_tune(ground, moves, place, work)


def settle(planned: Plan, seen: Seen, frozen: Final, tuned: "Tuned | None", place: Place) -> Final:
    """Let moved weights answer, where there are any: what has to be scored or kept is encoded by them again."""
    if tuned is None or tuned.encoder is None:
        return replace(frozen, tuned=tuned)
    encoder = open_saved(tuned.encoder.spec, tuned.encoder.files)
    kept = rows_to_encode(seen.fitted.labels, tuned.validation, MOST_ENCODED, planned.recipe.seed)
    needed = np.union1d(seen.scored.positions, seen.fitted.positions[kept])
    unkept = replace(place, keep_features=False)
    again = read_features(planned.dataset.examples, planned.audit.keys, (encoder,), unkept, needed)
    probe = replace(frozen.probe, head=tuned.head, temperature=tuned.temperature)
    return Final(encoder, again.features[0].matrix, probe, kept, tuned.validation, tuned)


def score(
    planned: Plan, seen: Seen, probes: tuple[Probe, Probe], final: Final, guard: Guard, place: Place
) -> tuple[npt.NDArray[np.float64], Scoreboard]:
    """Score the part that nothing was chosen on, or with folds every picture out of its fold.

    ``probes`` are the one of the pretrained network and the one of the colours. Gives the probabilities, too.
    """
    recipe, scored, classes = planned.recipe, seen.scored, planned.dataset.classes
    frozen, simple = probes
    part = ScoredPart(scored.labels, classes, scored.user_groups, np.isin(scored.positions, planned.parts.leaked))
    probabilities = final.probe.probabilities(final.features[scored.positions])
    plain, evaluation, promises = simple.probabilities(seen.colours[scored.positions]), None, None
    if recipe.folds:  # there is no picture that the guard has not seen
        held = predict_in_folds(seen.features, seen.colours, scored, classes, recipe, place.progress)
        probabilities, plain = held.probabilities[0], held.simple
        evaluation = evaluate_folds(part, held.probabilities, held.fold_of, recipe.seed, recipe.resamples)
    else:
        unseen = Scored(scored.labels, probabilities, classes, scored.user_groups, recipe.seed, recipe.resamples)
        known = final.features[seen.fitted.positions[final.kept]]
        promises = measure_guard(guard, final.probe, final.features[scored.positions], known, unseen)
    board = make_scoreboard(
        part,
        probabilities,
        plain,
        seen.fitted.class_counts(len(classes)).tolist(),
        seed=recipe.seed,
        resamples=recipe.resamples,
        probe=frozen.probabilities(seen.features[scored.positions]) if final.tuned else None,
        evaluation=evaluation,
        guard=promises,
    )
    return probabilities, board


def every_row(seen: Seen, recipe: Recipe) -> npt.NDArray[np.int64]:
    """Say which rows of the fitted part are kept when all are encoded anyway: as many as may be."""
    return even_rows(seen.fitted.labels, MOST_ROWS, recipe.seed)


def ground_of(planned: Plan, seen: Seen, encoder: "OnnxEncoder | TorchEncoder", probe: Probe) -> Ground:
    """Put together what a training is given."""
    positions = seen.fitted.positions.tolist()
    return Ground(
        recipe=planned.recipe,
        classes=planned.dataset.classes,
        encoder=encoder,
        examples=tuple(planned.dataset.examples[position] for position in positions),
        keys=tuple(planned.audit.keys[position] for position in positions),
        labels=seen.fitted.labels,
        groups=seen.fitted.groups,
        features=seen.features[seen.fitted.positions],
        probe=probe,
    )


def planned_encoder(planned: Plan, place: Place) -> "OnnxEncoder | TorchEncoder":
    """Load the encoder of a plan; for int8 it is quantised on pictures of the part to learn from."""
    recipe = planned.recipe
    encoder = load_encoder(recipe.encoder, device=recipe.device, cache=place.folder, progress=place.progress)
    if recipe.precision == "fp32":
        return encoder
    from headstart.encoders.quantised import quantised_encoder

    examples = [planned.dataset.examples[position] for position in planned.parts.fit]
    return quantised_encoder(encoder, encoder.files, examples, place.folder, place.progress)
