"""A server in this process: the whole application with a fake model, asked without a network."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from fakes import FakeEncoder
from headstart.serving.access_log import AccessLog
from headstart.serving.app import create_app
from headstart.serving.auth import AccessRules
from headstart.serving.batching import Batcher
from headstart.serving.service import Service
from headstart.serving.sessions import SessionLimits, SessionStore
from headstart.settings.serving import ServerLimits
from visitors import SMALL, FakeModel, Server, learn

Start = Callable[..., Server]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start servers with other limits, tokens or models; they end with the test."""
    batchers = []

    def begin(
        limits: ServerLimits = SMALL,
        entry: AccessRules | None = None,
        model: object = None,
        bounds: SessionLimits = SessionLimits(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.monotonic,
        **changes: object,
    ) -> Server:
        lines: list[str] = []
        journal = AccessLog(lines.append, lambda: datetime(2026, 1, 1, tzinfo=UTC))
        limits = replace(limits, **changes)
        model = FakeModel() if model is None else model or None
        batchers.append(Batcher(FakeEncoder(), limits, workers=2, watch=journal.batch))
        service = Service(model, batchers[-1], limits, journal, "1.2.3")
        app = create_app(service, entry or AccessRules(("testserver",)), SessionStore(bounds, clock), learn)
        return Server(TestClient(app, raise_server_exceptions=False), lines, service)

    yield begin
    for batcher in batchers:
        batcher.close()


@pytest.fixture
def server(start: Start) -> Server:
    """A server with a fake model and small limits."""
    return start()
