"""The gate: every request passes it on its way in and out. Rules, time, size, headers, the journal."""

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headstart.serving.access_log import AccessEntry, AccessLog
from headstart.serving.auth import AccessRules
from headstart.serving.http_errors import LEFT, ClientGone, Refusal, busy, mistake, too_large, too_slow
from headstart.settings.serving import ServerLimits

_PAGE_RULES = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "content-security-policy": _PAGE_RULES,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
}
# After a refusal the rest of a body is still read for a while: a client that is sending would otherwise see its
# connection break instead of the answer.
_DRAIN_SECONDS = 5.0
_DRAIN_BYTES = 256_000_000


@dataclass(slots=True)
class ByteBudget:
    """Bytes of bodies that all requests together hold at the moment."""

    limit: int
    count: int = 0

    def take(self, count: int) -> None:
        """Record bytes; raises Refusal 503 when there would be too many."""
        if self.count + count > self.limit:
            raise busy("memory")
        self.count += count


class Middleware:
    """Stands around the application, as ASGI middleware.

    Parameters
    ----------
    app
        What it lets requests through to.
    entry, limits, journal
        Who may come in, how much they may ask for, and where it is written down.
    clock
        Seconds that only go up.
    """

    def __init__(
        self,
        app: ASGIApp,
        entry: AccessRules,
        limits: ServerLimits,
        journal: AccessLog,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._entry, self._limits, self._journal, self._clock = app, entry, limits, journal, clock
        self._held = ByteBudget(limits.held_bytes)
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = self._clock()
        passage = RequestInfo(self._limits, self._held, receive, send)
        scope["passage"] = passage
        self._journal.begin()
        try:
            await self._pass(scope, passage)
        finally:
            self._held.count -= passage.received
            visit = AccessEntry(
                next(self._numbers),
                scope["method"] if scope["method"] in _METHODS else "other",
                _route_of(scope),
                passage.status or LEFT,
                self._clock() - started,
                passage.received,
                passage.examples,
                passage.code,
            )
            self._journal.end(visit)

    async def _pass(self, scope: Scope, passage: "RequestInfo") -> None:
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in reversed(scope["headers"])}
        try:
            async with asyncio.timeout(self._limits.request_seconds):
                self._entry.check(scope["method"], scope["path"], headers)
                passage.expect(headers.get("content-length", "0"), "transfer-encoding" in headers)
                await self._app(scope, passage.receive, passage.send)
        except Refusal as refusal:
            await passage.refuse(refusal)
        except TimeoutError:
            await passage.refuse(busy("late", seconds=f"{self._limits.request_seconds:g}"))
        except Exception as error:  # a mistake of ours: the client learns no more, the journal the kind and the place
            self._journal.event("mistake", {"exception": type(error).__name__, "place": _place_of(error)})
            await passage.refuse(mistake())


_METHODS = ("GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS")


@dataclass(slots=True)
class RequestInfo:
    """What passes in and out for one request."""

    limits: ServerLimits
    held: ByteBudget
    inner_receive: Receive
    inner_send: Send
    received: int = 0
    examples: int = 0
    status: int = 0
    code: str = ""
    complete: bool = False  # whether the whole body has been read
    finished: bool = False  # whether the answer has been sent
    gone: bool = False  # whether the client has left
    expires: float = field(default=0.0)

    def expect(self, length: str, in_chunks: bool) -> None:
        """Refuse a body by the length its header gives, before a byte of it is read."""
        self.complete = length == "0" and not in_chunks
        if length.isdecimal() and int(length) > self.limits.request_bytes:
            raise too_large(self.limits.request_bytes, "request")

    async def receive(self) -> Message:
        """Hand on a piece of the body; counts bytes, and gives the client only so much time."""
        message = await (self.inner_receive() if self.complete else self._in_time())
        if message["type"] == "http.disconnect":
            self.gone = True
            if self.complete:
                return message
            self.complete = True
            raise ClientGone
        size = len(message.get("body", b""))
        self.complete = not message.get("more_body", False)
        self.held.take(size)
        self.received += size
        if self.received > self.limits.request_bytes:
            raise too_large(self.limits.request_bytes, "request")
        return message

    async def _in_time(self) -> Message:
        loop = asyncio.get_running_loop()
        self.expires = self.expires or loop.time() + self.limits.body_seconds
        try:
            async with asyncio.timeout_at(self.expires):
                return await self.inner_receive()
        except TimeoutError:
            raise too_slow(self.limits.body_seconds) from None

    async def send(self, message: Message) -> None:
        """Hand on a piece of the answer, if somebody is there; adds the headers that every answer has."""
        if self.gone:
            self.status, self.finished = LEFT, True
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            present = {key.lower() for key, _ in message.get("headers", ())}
            extra = [(k.encode(), v.encode()) for k, v in SECURITY_HEADERS.items() if k.encode() not in present]
            if b"cache-control" not in present:
                extra.append((b"cache-control", b"no-store"))
            if not self.complete:
                extra.append((b"connection", b"close"))
            message = {**message, "headers": [*message.get("headers", ()), *extra]}
        elif not message.get("more_body", False):
            self.finished = True
            if not self.complete:
                await self.inner_send({**message, "more_body": True})
                await self._drain()
                message = {"type": "http.response.body", "body": b""}
        await self.inner_send(message)

    async def _drain(self) -> None:
        """Read what the client is still sending, for a while, and forget it."""
        count = 0
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while count < _DRAIN_BYTES:
                    message = await self.inner_receive()
                    count += len(message.get("body", b""))
                    if message["type"] == "http.disconnect" or not message.get("more_body", False):
                        return
        except TimeoutError:
            return

    async def refuse(self, refusal: Refusal) -> None:
        """Answer with a refusal, unless an answer is under way."""
        if self.status or self.gone:
            self.code = self.code or refusal.code
            if not (self.finished or self.gone):  # cut short: the client sees that it is not whole
                raise refusal
            return
        self.code = refusal.code
        body = json.dumps(refusal.to_json()).encode()
        headers = {"content-type": "application/json", "content-length": str(len(body)), **refusal.headers}
        pairs = [(key.encode(), value.encode()) for key, value in headers.items()]
        await self.send({"type": "http.response.start", "status": refusal.status, "headers": pairs})
        await self.send({"type": "http.response.body", "body": body})


def passage_of(scope: Scope) -> RequestInfo:
    """Find what the gate attached to a request."""
    passage: RequestInfo = scope["passage"]
    return passage


def _route_of(scope: Scope) -> str:
    """Name the route as it was declared; what the client wrote may hold anything."""
    route: Any = scope.get("route")
    return str(getattr(route, "path", "none"))


def _place_of(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    code = trace.tb_frame.f_code
    return f"{code.co_name}:{trace.tb_lineno}"
