"""A model as an application of a server, and an application that listens on a free port; a browser for its pages."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

import headstart as hs
from headstart.encoders.spec import LoadedEncoder
from headstart.modalities.base import load_modality
from headstart.serving.access_log import AccessLog
from headstart.serving.app import create_app
from headstart.serving.auth import AccessRules
from headstart.serving.batching import Batcher
from headstart.serving.predictor import Predictor
from headstart.serving.server import address_of, bind
from headstart.serving.service import Service
from headstart.serving.sessions import SessionLimits, SessionStore
from headstart.settings.serving import ServerLimits
from headstart.workflows.interactive import teach
from headstart.workflows.model import to_explained_model

CHROMIUM = os.environ.get("HEADSTART_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def application(model: hs.Model | None, encoder: LoadedEncoder | None = None) -> Iterator[ASGIApp]:
    """The whole application with a model, which explains and teaches where its modality can; or to teach alone."""
    encoder, limits = encoder or model.encoder, ServerLimits()
    journal = AccessLog(lambda line: None, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    answering = None
    if model is not None:
        explain = getattr(load_modality(model.modality), "page_explanations", None)
        why = explain and partial(explain, to_explained_model(model), places=())
        answering = Predictor(encoder, model.saved, "0" * 64, why)

    def learn(shown: object) -> object:
        return teach(encoder, encoder.files, shown, datetime(2026, 1, 1, tzinfo=UTC), Path("cache"))

    with Batcher(encoder, limits, workers=1, watch=journal.batch) as batcher:
        service = Service(answering, batcher, limits, journal, "1.2.3")
        rules = AccessRules(("testserver", "localhost"))
        yield create_app(service, rules, SessionStore(SessionLimits(), time.monotonic), learn)


@contextmanager
def listening(app: ASGIApp) -> Iterator[str]:
    """The address of an application that answers in a thread of this process."""
    listener = bind("127.0.0.1", 0)
    config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None, log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    yield address_of(listener)
    server.should_exit = True
    thread.join()
