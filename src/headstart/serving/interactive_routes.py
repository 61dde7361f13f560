"""The routes of /teach: show pictures, learn, try, correct, take the model away."""

import io
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter
from fastapi import Path as PathValue
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from headstart.arrays import Singles
from headstart.data.readers.base import reader_of
from headstart.data.same_names import canonical
from headstart.errors import DataError
from headstart.runtime.catalogue import ENGLISH
from headstart.serving.http_errors import Refusal, busy, refused
from headstart.serving.interactive import InteractiveJob, Teach
from headstart.serving.multipart import Upload, display_name
from headstart.serving.schemas import body_of, refusals
from headstart.serving.service import Service, in_thread
from headstart.serving.sessions import LONGEST_LABEL, ExampleCard, Session, SessionStore, not_there, select_shown

TAUGHT, TRIED = ("label", "series"), ("keep",)  # fields beside the examples
COOKIE = "headstart-desk"
ARCHIVE = "taught-model"
Number = Annotated[int, PathValue(ge=1, le=2**53)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_LABEL)]


class Label(BaseModel):
    """The class of an example."""

    label: Name


class Renaming(BaseModel):
    """A class and its new name."""

    old: Name
    new: Name


class InteractiveRoutes:
    """The routes of a classroom; ``teach`` turns what was shown into a lesson."""

    def __init__(self, service: Service, classroom: SessionStore, teach: Teach) -> None:
        self._service, self._classroom, self._teach = service, classroom, teach
        self._many = ENGLISH.for_modality(service.modality).reword("pictures")  # what examples are called

    def router(self) -> APIRouter:
        """Declare them."""
        router = APIRouter(prefix="/teach")
        add, form = router.add_api_route, (400, 404, 409, 415, 422)
        archive: dict[int | str, dict[str, Any]] = {200: {"content": {"application/zip": {}}}, **refusals(404, 409)}
        json = getattr(self._service.uploads, "BODY", None)
        taught, tried = body_of(json, TAUGHT, ["label"]), body_of(json, TRIED)
        add(f"/{self._many}", self.show, methods=["POST"], responses=refusals(*form), openapi_extra=taught)
        add("/state", self.state, methods=["GET"], responses=refusals())
        add("/state", self.forget, methods=["DELETE"], responses=refusals())
        add(f"/{self._many}/{{number}}", self.relabel, methods=["PUT"], responses=refusals(400, 404, 409, 422))
        add(f"/{self._many}/{{number}}", self.remove, methods=["DELETE"], responses=refusals(404, 422))
        add("/rename", self.rename, methods=["POST"], responses=refusals(400, 404, 422))
        add("/learn", self.learn, methods=["POST"], responses=refusals(404, 409))
        add("/predict", self.answer, methods=["POST"], responses=refusals(*form), openapi_extra=tried)
        add("/model", self.download_model, methods=["GET"], responses=archive, response_class=Response)
        return router

    async def show(self, request: Request) -> Response:
        """Show pictures of one class: fields files, label and, for pictures taken in one go, series."""
        form = await self._service.read_examples(request, TAUGHT)
        label = clean_label(form.texts.get("label", ""))
        cards = await self._cards_of(request, form.files, form.texts.get("series") or None)
        desk = self._desk_of(request)
        secret = request.cookies.get(COOKIE, "")
        if desk is None:
            secret, desk = self._classroom.new_session()
        added = [{**file.said, **_added(desk, one, label)} for file, one in zip(form.files, cards, strict=True)]
        response = JSONResponse({self._many: added})
        # Without a path it holds for what lies beside this address: /teach, also below the path of a proxy.
        response.set_cookie(COOKIE, secret, httponly=True, samesite="strict", path=None)
        return response

    async def state(self, request: Request) -> Response:
        """Say what is on the desk, and what was learnt from it."""
        return JSONResponse(self._state_of(self._desk_of(request)))

    async def forget(self, request: Request) -> Response:
        """Throw everything away that was shown and learnt."""
        self._classroom.forget(request.cookies.get(COOKIE, ""))
        return JSONResponse(self._state_of(None))

    async def relabel(self, request: Request, number: Number, wanted: Label) -> Response:
        """Give a picture another class; a picture that was tried joins the others."""
        self._present(request).relabel(number, clean_label(wanted.label))
        return JSONResponse({"id": number})

    async def remove(self, request: Request, number: Number) -> Response:
        """Take a picture away."""
        self._present(request).remove(number)
        return JSONResponse({"id": number})

    async def rename(self, request: Request, wanted: Renaming) -> Response:
        """Give a class another name."""
        self._present(request).rename(clean_label(wanted.old), clean_label(wanted.new))
        return JSONResponse({"label": clean_label(wanted.new)})

    async def learn(self, request: Request) -> Response:
        """Learn from everything that was shown; pictures are not encoded again."""
        desk = self._present(request)
        if len({card.label for card in desk.cards.values()}) < 2:
            raise _too_few()
        return JSONResponse(await in_thread(request, lambda: _learn(desk, self._teach)))

    async def answer(self, request: Request) -> Response:
        """Say what is on pictures, by what was learnt; with keep=no they cannot be corrected afterwards."""
        desk = self._present(request)
        lesson = _lesson_of(desk)
        form = await self._service.read_examples(request, TRIED)
        cards = await self._cards_of(request, form.files, None)
        features = [card.features for card in cards if isinstance(card, ExampleCard)]
        found = iter(lesson.answer(np.stack(features)))
        keep = form.texts.get("keep") != "no"
        return JSONResponse({"predictions": [_tried(desk, one, found, keep) for one in cards]})

    async def download_model(self, request: Request) -> Response:
        """Pack the model into a ZIP file: the folder that headstart predict and headstart serve open."""
        lesson = _lesson_of(self._present(request))
        content = await in_thread(request, lambda: pack(lesson))
        headers = {"content-disposition": f'attachment; filename="{ARCHIVE}.zip"'}
        return Response(content, media_type="application/zip", headers=headers)

    async def _cards_of(
        self, request: Request, files: Sequence[Upload], series: str | None
    ) -> list[ExampleCard | Refusal]:
        seen = await self._service.process(request, files, _rows, self._service.uploads.view)
        named = display_name(series) if series else None
        key = reader_of(self._service.modality).content_key
        return [_card(file, one, named, key) for file, one in zip(files, seen, strict=True)]

    def _state_of(self, desk: Session | None) -> dict[str, Any]:
        classes: dict[str, list[dict[str, Any]]] = {}
        for number, card in dict(desk.cards if desk else {}).items():
            entry = {"id": number, "name": card.name, **self._service.uploads.shown(card.look.preview)}
            classes.setdefault(card.label, []).append(entry)
        listed = [{"name": name, self._many: entries} for name, entries in classes.items()]
        return {"classes": listed, "lesson": desk.report if desk else None}

    def _desk_of(self, request: Request) -> Session | None:
        secret = request.cookies.get(COOKIE, "")
        return self._classroom.desk(secret) if secret else None

    def _present(self, request: Request) -> Session:
        desk = self._desk_of(request)
        if desk is None:
            raise not_there()
        return desk


def clean_label(text: str) -> str:
    r"""Tidy the name of a class; raises Refusal 422 when nothing is left.

    Examples
    --------
    >>> clean_label("  red   cat\n")
    'red cat'
    """
    tidy = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:LONGEST_LABEL]
    if not tidy:
        raise refused(422, "serving.no_label")
    return canonical(tidy)


def pack(lesson: InteractiveJob) -> bytes:
    """Save a lesson's model and pack the folder; the graph hardly shrinks, so it is stored as it is."""
    with tempfile.TemporaryDirectory(prefix="headstart-") as place:
        folder = Path(place) / ARCHIVE
        lesson.save(folder)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, f"{ARCHIVE}/{file.name}")
        return buffer.getvalue()


def _card(
    file: Upload,
    seen: Any,  # noqa: ANN401 - a BatchItem or a Refusal
    series: str | None,
    key: Callable[[Any], bytes],
) -> ExampleCard | Refusal:
    if isinstance(seen, Refusal):
        return seen
    return ExampleCard(file.name, key(file.data), seen.result, seen.look, series=series)


def _rows(features: Singles) -> Sequence[Singles]:
    return [row.copy() for row in features]  # a copy, so that a desk does not hold whole batches


def _added(desk: Session, one: ExampleCard | Refusal, label: str) -> dict[str, Any]:
    if isinstance(one, Refusal):
        return one.to_json()
    try:
        number = desk.add(ExampleCard(one.name, one.key, one.features, one.look, label, one.series))
    except Refusal as refusal:
        return {"name": one.name, **refusal.to_json()}
    return {"id": number, "name": one.name, "label": label}


def _tried(desk: Session, one: ExampleCard | Refusal, found: Any, keep: bool) -> dict[str, Any]:  # noqa: ANN401 - an iterator
    if isinstance(one, Refusal):
        return one.to_json()
    return {"id": desk.remember(one) if keep else None, "name": one.name, **next(found)}


def _learn(desk: Session, teach: Teach) -> dict[str, Any]:
    if not desk.lock.acquire(blocking=False):
        raise busy("learning")
    try:
        cards = dict(desk.cards)
        numbers = list(cards)
        lesson = teach(select_shown(list(cards.values())))
        mistakes = [
            {"id": numbers[one["position"]], "taken_for": one["taken_for"]} for one in lesson.report["mistakes"]
        ]
        desk.lesson, desk.report = lesson, {**lesson.report, "mistakes": mistakes}
        return desk.report
    except DataError as error:
        raise _too_few() from error
    finally:
        desk.lock.release()


def _lesson_of(desk: Session) -> InteractiveJob:
    if desk.lesson is None:
        raise refused(409, "serving.not_learnt")
    return desk.lesson


def _too_few() -> Refusal:
    return refused(409, "serving.too_few_classes")
