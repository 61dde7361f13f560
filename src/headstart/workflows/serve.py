"""Answering over HTTP: ``headstart serve``, as a row of named stages."""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from headstart.encoders.spec import Encoder
from headstart.modalities.base import load_modality
from headstart.runtime.context import RunContext
from headstart.saving.bundle import verify_bundle
from headstart.saving.manifest import model_digest
from headstart.serving.interactive import ShownExamples
from headstart.serving.predictor import Predictor
from headstart.serving.requirements import require_packages
from headstart.settings.serving import ServedModel, ServerAddress, ServerCallbacks, ServerLimits
from headstart.tasks.base import load_task
from headstart.workflows.interactive import SessionModel, teach
from headstart.workflows.load_encoder import find_modality, named_encoder
from headstart.workflows.model import load, to_explained_model, training_places

if TYPE_CHECKING:
    from headstart.serving.server import ShutdownReason


def run_server(
    hosted: ServedModel, door: ServerAddress, limits: ServerLimits, context: RunContext, voice: ServerCallbacks
) -> "ShutdownReason":
    """Answer over HTTP and in a browser until a signal stops it; see :mod:`headstart.serving.app`.

    Raises
    ------
    ServingError
        When the port is taken; ModelFileError when the model cannot be opened; MissingExtraError without FastAPI.
    """
    require_packages()
    from headstart.serving.lifespan import ServerState, host  # loads FastAPI
    from headstart.serving.server import bind

    with bind(door.host, door.port) as listener:  # first of all: a port that is taken is said at once
        if hosted.model is None:
            modality = find_modality(hosted.encoder, context)
            loaded = named_encoder(hosted.encoder, "cpu", context, modality)
            encoder: Encoder = loaded
            files, answering = loaded.files, None
        else:
            verify_bundle(hosted.model)  # all of it: whoever serves a folder may hand it on as well
            model = load(hosted.model)
            encoder, files = model.encoder, model.files
            explained = load_task(model.saved.target.task).explained
            explain = getattr(load_modality(model.modality), "page_explanations", None) if explained else None
            why = explain and partial(explain, to_explained_model(model), places=training_places(model, context))
            answering = Predictor(encoder, model.saved, model_digest(hosted.model), why)

        def learn(shown: ShownExamples) -> SessionModel:
            return teach(encoder, files, shown, datetime.now().astimezone(), context.cache_folder)

        return host(listener, ServerState(encoder, answering, learn, hosted.workers), door, limits, voice)
