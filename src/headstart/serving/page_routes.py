"""The pages: files of this package, read once; nothing a client writes is ever used as a path."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePosixPath

from fastapi import APIRouter
from jinja2 import DictLoader, Environment, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from headstart.modalities.base import DEFAULT, load_modality, teach_page
from headstart.runtime.catalogue import LANGUAGES, texts_in
from headstart.serving.http_errors import refused
from headstart.serving.languages import choose_language
from headstart.serving.service import Service

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


WORDS = "words.json"  # both languages, written for pictures; words_MODALITY.json has what must be quite different


@dataclass(frozen=True, slots=True)
class Page:
    """A file of a page with its type."""

    content: bytes
    media_type: str


def load_pages(modality: str = DEFAULT) -> Mapping[str, Page]:
    """Read all files of the pages, by their names, with the words for the examples of a modality.

    Examples
    --------
    >>> load_pages("text")["words.json"].media_type
    'application/json'
    """
    folder = files("headstart.serving") / "pages"
    found = {}
    for file in folder.iterdir():
        suffix = PurePosixPath(file.name).suffix
        if suffix in TYPES:
            found[file.name] = Page(file.read_bytes(), TYPES[suffix])
    words = json.loads(found[WORDS].content)
    own = json.loads(found[f"words_{modality}.json"].content) if f"words_{modality}.json" in found else {}
    for language in LANGUAGES:
        reword = texts_in(language, modality).reword
        words[language] = {key: reword(sentence) for key, sentence in words[language].items()} | own.get(language, {})
    return found | {WORDS: Page(json.dumps(words, ensure_ascii=False).encode(), TYPES[".json"])}


def page_routes(service: Service) -> APIRouter:
    """Make the routes that send pages."""
    router = APIRouter(include_in_schema=False)
    pages, row = load_pages(service.modality), load_modality(service.modality)
    taught = teach_page(service.modality)
    templates = DictLoader({name: page.content.decode() for name, page in pages.items() if name.endswith(".html")})
    environment = Environment(
        loader=templates, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )

    longest = getattr(service.uploads, "LONGEST", 0)  # characters of one example

    def html(page: str, name: str, request: Request) -> Response:
        language = choose_language(request.headers.get("accept-language", ""))
        content = environment.get_template(name).render(
            language=language, page=page, teaches=bool(taught), longest=longest
        )
        headers = {"cache-control": "no-cache", "vary": "accept-language", "content-language": language}
        return Response(content, media_type=pages[name].media_type, headers=headers)

    async def index(request: Request) -> Response:
        if service.answering is None:
            return RedirectResponse("teach", 303)  # a relative address: a proxy may serve all this below a path
        return html("predict", row.page, request)

    async def teach(request: Request) -> Response:
        return html("teach", taught, request)

    async def docs(request: Request) -> Response:
        return html("docs", "docs.html", request)

    async def part(name: str) -> Response:
        if name not in pages or name.endswith(".html"):
            raise refused(404, "serving.not_found")
        page = pages[name]
        return Response(page.content, media_type=page.media_type, headers={"cache-control": "no-cache"})

    for path, endpoint in (("/", index), ("/teach", teach), ("/docs", docs), ("/pages/{name}", part)):
        if taught or endpoint is not teach:
            router.add_api_route(path, endpoint, methods=["GET"])
    return router
