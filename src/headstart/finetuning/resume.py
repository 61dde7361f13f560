"""Going on with a training that was cut off: only when it is the same training."""

import json
from typing import Any

from headstart.errors import RecipeError
from headstart.finetuning.checkpoint import LAST, Checkpoint, read_checkpoint, remove_partial
from headstart.finetuning.inputs import LearnedFrom
from headstart.finetuning.ranks import process_count
from headstart.runtime.context import RunContext
from headstart.runtime.hashing import sha256_of_parts

# Settings that may differ between a run and its continuation.
FREE = ("checkpoint_seconds", "time_limit", "strict", "resamples")


def find_checkpoint(ground: LearnedFrom, context: RunContext) -> Checkpoint | None:
    """Read the checkpoint to go on from, None when there is none; what a killed process left half-written goes.

    Raises
    ------
    RecipeError
        When it is of another run, naming what differs.
    """
    if not context.resume or context.run_folder is None:
        return None
    remove_partial(context.run_folder)
    path = context.run_folder / LAST
    if not path.is_file():
        return None
    found = read_checkpoint(path)
    then, now = found.values["identity"], identity(ground)
    different = [name for name in now if now[name] != then.get(name)]
    if different:
        raise RecipeError("finetuning.another_run", folder=path.parent.parent, names=different)
    return found


def identity(ground: LearnedFrom) -> dict[str, Any]:
    """Describe what makes two trainings the same: settings, data, encoder, number of processes."""
    data = sha256_of_parts([*ground.keys, ground.labels.tobytes()])
    plain = json.loads(json.dumps(ground.recipe.to_json()))  # as a checkpoint gives it back
    settings = {name: value for name, value in plain.items() if name not in FREE}
    return {**settings, "data": data, "weights": ground.encoder.spec.digest, "number of processes": process_count()}
