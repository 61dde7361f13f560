"""The application: routes for programs, pages for people, and the gate around both."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from headstart.errors import MODALITY
from headstart.modalities.base import teach_page
from headstart.runtime.catalogue import ENGLISH
from headstart.serving.addresses import Addresses
from headstart.serving.auth import AccessRules
from headstart.serving.http_errors import LEFT, ClientGone, Refusal, mistake, refused
from headstart.serving.interactive import Teach
from headstart.serving.interactive_routes import InteractiveRoutes
from headstart.serving.middleware import Middleware, passage_of
from headstart.serving.page_routes import page_routes
from headstart.serving.predict_routes import PredictRoutes
from headstart.serving.service import Service
from headstart.serving.sessions import SessionStore

DESCRIPTION = "Says what is on pictures. Everything stays on this machine: no picture is kept, none is written down."


def create_app(
    service: Service, entry: AccessRules, classroom: SessionStore, teach: Teach, root_path: str = ""
) -> ASGIApp:
    """Put the application together; it needs no network and starts no thread of its own."""
    reword = ENGLISH.for_modality(service.modality).reword
    app = FastAPI(
        title="Headstart",
        description=reword(DESCRIPTION),
        version=service.version,
        docs_url=None,  # FastAPI's own pages come from the network
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={
            Refusal: _refused,
            ClientGone: _left,
            HTTPException: _not_here,
            RequestValidationError: _not_valid,
            Exception: _mistaken,
        },
    )
    routers = [PredictRoutes(service).router(), page_routes(service)]
    if teach_page(service.modality):
        routers.append(InteractiveRoutes(service, classroom, teach).router())
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute):
                route.description = reword(route.description, f"serving.route.{route.name}")
        app.include_router(router)
    guarded = Middleware(app, entry, service.limits, service.journal)
    return Addresses(_speaking_of(service.modality, guarded), root_path)


def _speaking_of(modality: str, app: ASGIApp) -> ASGIApp:
    """Let errors of an application speak of one kind of examples."""

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        MODALITY.set(modality)
        await app(scope, receive, send)

    return called


async def _refused(request: Request, refusal: Refusal) -> Response:
    passage_of(request.scope).code = refusal.code
    return JSONResponse(refusal.to_json(), refusal.status, refusal.headers)


async def _not_here(request: Request, error: HTTPException) -> Response:
    key = {404: "serving.not_found", 405: "serving.wrong_method"}.get(error.status_code, "serving.bad_request")
    return await _refused(request, refused(error.status_code, key, error.headers or {}))


async def _not_valid(request: Request, error: RequestValidationError) -> Response:
    where = ", ".join(sorted({str(one["loc"][-1]) for one in error.errors()}))
    return await _refused(request, refused(422, "serving.bad_value", where=where))


async def _mistaken(request: Request, _: Exception) -> Response:
    return await _refused(request, mistake())


async def _left(request: Request, _: ClientGone) -> Response:
    return Response(status_code=LEFT)  # the gate keeps it: nobody is there
