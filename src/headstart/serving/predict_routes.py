"""The routes for programs: predict, explain, model, health, metrics."""

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from headstart.serving.access_log import METRICS_TYPE
from headstart.serving.http_errors import Refusal, refused
from headstart.serving.schemas import AnswerSchemas, HealthAnswer, body_of, refusals
from headstart.serving.service import Service, in_thread
from headstart.tasks.base import load_task

EXPLAINED_AT_ONCE = 2  # each holds a whole decoded picture
_FORM_REFUSALS = (400, 404, 415, 422)


class PredictRoutes:
    """The routes that ask the model."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._turn = asyncio.Semaphore(EXPLAINED_AT_ONCE)

    def router(self) -> APIRouter:
        """Declare them."""
        router = APIRouter()
        answers: AnswerSchemas = load_task(self._service.task).answers
        predicted = {200: {"model": answers.predict}, **refusals(*_FORM_REFUSALS)}
        explained = refusals(*_FORM_REFUSALS, 409)
        described = {200: {"model": answers.model}, **refusals(404)}
        text = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **refusals()}
        add = router.add_api_route
        body = body_of(getattr(self._service.uploads, "BODY", None))
        add("/predict", self.predict, methods=["POST"], responses=predicted, openapi_extra=body)
        add("/explain", self.explain, methods=["POST"], responses=explained, openapi_extra=body)
        add("/model", self.model, methods=["GET"], responses=described)
        add("/health", self.health, methods=["GET"], responses={200: {"model": HealthAnswer}, **refusals()})
        add("/metrics", self.metrics, methods=["GET"], responses=text, response_class=PlainTextResponse)
        return router

    async def predict(self, request: Request) -> Response:
        """Say what is on one or several pictures."""
        model = self._service.model()
        files = (await self._service.read_examples(request)).files
        results = await self._service.process(request, files, model.answer)
        entries = [
            {"name": file.name, **file.said, **entry_of(result)} for file, result in zip(files, results, strict=True)
        ]
        return JSONResponse({"predictions": entries})

    async def explain(self, request: Request) -> Response:
        """Say why: a heat map in the picture's coordinates and the nearest training pictures."""
        model = self._service.model()
        form = await self._service.read_examples(request)
        if len(form.files) > 1:
            raise refused(413, "serving.too_many_files.explain")
        data, uploads = form.files[0].data, self._service.uploads
        uploads.check(data, self._service.limits)
        async with self._turn:
            found = await in_thread(request, lambda: model.explain(uploads.decode(data)))
        if found is None:
            raise refused(409, "serving.cannot_explain")
        return JSONResponse({"name": form.files[0].name, **found})

    async def model(self) -> Response:
        """Say what the model is: what it predicts, encoder, scores with intervals, digests, licence."""
        return JSONResponse(self._service.model().describe())

    async def health(self) -> Response:
        """Say that the server is here."""
        service = self._service
        return JSONResponse({"status": "ok", "model": service.answering is not None, "version": service.version})

    async def metrics(self) -> Response:
        """Give all counts and times in Prometheus' text format."""
        return PlainTextResponse(self._service.journal.exposition(), headers={"content-type": METRICS_TYPE})


def entry_of(result: Any) -> dict[str, Any]:  # noqa: ANN401 - plain data or a Refusal
    """Turn the result of one picture into its entry in the answer."""
    return result.to_json() if isinstance(result, Refusal) else result
