"""A server from its parts: threads, application, port; until it is told to stop."""

import socket
import time
from dataclasses import dataclass
from datetime import datetime

from headstart.encoders.spec import Encoder
from headstart.runtime.machine import available_cores
from headstart.serving.access_log import AccessLog
from headstart.serving.app import create_app
from headstart.serving.auth import AccessRules
from headstart.serving.batching import Batcher
from headstart.serving.interactive import Teach
from headstart.serving.predictor import Predictor
from headstart.serving.server import ShutdownReason, address_of, run
from headstart.serving.service import Service
from headstart.serving.sessions import SessionLimits, SessionStore
from headstart.serving.uploads.base import uploads_of
from headstart.settings.serving import ServerAddress, ServerCallbacks, ServerLimits
from headstart.version import __version__


@dataclass(frozen=True, slots=True)
class ServerState:
    """What a server works with.

    Attributes
    ----------
    encoder
        Examples become features.
    answering
        The model that answers, or None.
    teach
        Turns what was shown into a lesson.
    workers
        Threads for examples; None takes as many as there are cores.
    """

    encoder: Encoder
    answering: Predictor | None
    teach: Teach
    workers: int | None = None


def host(
    listener: socket.socket, material: ServerState, door: ServerAddress, limits: ServerLimits, voice: ServerCallbacks
) -> ShutdownReason:
    """Answer on a port that is taken already; returns when a signal stopped it and every request is finished."""
    warm_up(material.encoder)
    journal = AccessLog(voice.note, lambda: datetime.now().astimezone())
    with Batcher(material.encoder, limits, material.workers or available_cores(), journal.batch) as batcher:
        journal.watch_waiting(lambda: batcher.waiting)
        service = Service(material.answering, batcher, limits, journal, __version__)
        entry = AccessRules(door.known_names(), door.token)
        sessions = SessionStore(SessionLimits(), time.monotonic)
        app = create_app(service, entry, sessions, material.teach, door.root_path)
        return run(app, listener, limits, journal, lambda: voice.ready(address_of(listener)))


def warm_up(encoder: Encoder) -> None:
    """Encode an empty example: the graph is opened now and not while the first client waits."""
    blank = uploads_of(encoder.spec.modality).blank()
    if blank is not None:
        encoder.encode(encoder.collate([encoder.preprocess(blank)]))
