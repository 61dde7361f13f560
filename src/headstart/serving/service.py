"""What the routes share: the model, the threads, the bounds; and how a request waits for its examples."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from starlette.requests import Request

from headstart.data.example import DEFAULT_TASK
from headstart.serving.access_log import AccessLog
from headstart.serving.batching import Batcher, Finish, Look
from headstart.serving.http_errors import ClientGone, Refusal, refused
from headstart.serving.middleware import passage_of
from headstart.serving.multipart import MultipartForm, Upload, read_form
from headstart.serving.predictor import Predictor
from headstart.serving.uploads.base import Uploads
from headstart.settings.serving import ServerLimits

Result = TypeVar("Result")
FromJson = Callable[[bytes, ServerLimits, Sequence[str]], MultipartForm]


@dataclass(frozen=True, slots=True)
class Service:
    """A running server without its network.

    Attributes
    ----------
    answering
        The model; None when there is none yet, and one can only be taught.
    batcher
        Turns example files into features in threads.
    limits, journal
        How much a client may ask for, and where requests are written down.
    version
        Of Headstart.
    """

    answering: Predictor | None
    batcher: Batcher
    limits: ServerLimits
    journal: AccessLog
    version: str

    def model(self) -> Predictor:
        """Return the model; raises Refusal 404 when there is none."""
        if self.answering is None:
            raise refused(404, "serving.no_model")
        return self.answering

    @property
    def task(self) -> str:
        """The kind of its answers: what is taught are classes."""
        return DEFAULT_TASK if self.answering is None else self.answering.task

    @property
    def modality(self) -> str:
        """The kind of examples it takes."""
        return self.batcher.modality

    @property
    def uploads(self) -> Uploads:
        """What takes the examples of the encoder's modality apart."""
        return self.batcher.uploads

    async def read_examples(self, request: Request, texts: Sequence[str] = ()) -> MultipartForm:
        """Read the examples of a request, of its form or its JSON; raises Refusal when it holds none."""
        form = await self._read_body(request, texts)
        passage_of(request.scope).examples = len(form.files)
        if not form.files:
            raise refused(422, "serving.no_file.missing")
        return form

    async def _read_body(self, request: Request, texts: Sequence[str]) -> MultipartForm:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        from_json: FromJson | None = getattr(self.uploads, "from_json", None)
        if from_json is not None and kind == "application/json":
            return from_json(await request.body(), self.limits, texts)
        form = await read_form(request, self.limits, texts)
        files = await asyncio.to_thread(self._expand, form.files)  # a table of many rows takes its time
        return replace(form, files=tuple(files))

    def _expand(self, files: Sequence[Upload]) -> list[Upload]:
        return [one for file in files for one in self.uploads.expand(file, self.limits)]

    async def process(
        self, request: Request, files: Sequence[Upload], finish: Finish, look: Look | None = None
    ) -> list[Any]:
        """Encode examples and finish them in the threads: one result or Refusal for each, in order.

        Raises ClientGone when the client leaves meanwhile: what no thread has begun is then skipped. Raises the
        Refusal itself when not one example can be used.
        """
        futures = [self.batcher.submit(file.data, finish, look) for file in files]
        try:
            gathered = asyncio.gather(*map(asyncio.wrap_future, futures), return_exceptions=True)
            results = await while_here(request, gathered)
        finally:
            for future in futures:
                future.cancel()
        return _checked(results)


async def while_here(request: Request, awaited: Awaitable[Result]) -> Result:
    """Wait for something as long as the client does; raises ClientGone when it leaves."""
    work = asyncio.ensure_future(awaited)
    leaving = asyncio.ensure_future(_leaves(request))
    try:
        await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise ClientGone
        return work.result()
    finally:
        for task in (work, leaving):
            task.cancel()
            task.add_done_callback(_forget)


async def in_thread(request: Request, call: Callable[[], Result]) -> Result:
    """Run something long in a thread of its own, and wait for it as long as the client does."""
    return await while_here(request, asyncio.to_thread(call))


def _forget(task: "asyncio.Future[Any]") -> None:
    """Inspect how a task ended, so that asyncio does not complain that nobody did."""
    if not task.cancelled():
        task.exception()


async def _leaves(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _checked(results: Sequence[Any]) -> list[Any]:
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, Refusal):
            raise result
    if all(isinstance(result, Refusal) for result in results):
        raise results[0]
    return list(results)
