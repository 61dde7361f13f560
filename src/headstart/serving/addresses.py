"""What address a request means: below a path of a proxy, with a slash at its end, or asked for its header alone."""

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headstart.serving.auth import PAGES


class Addresses:
    """Stands around the application, as ASGI middleware: it sees plain paths and no HEAD.

    Parameters
    ----------
    app
        What it lets requests through to.
    root_path
        The path that a proxy serves it under, such as ``/flowers``; requests may come with it or without it. That of
        another application, which it is mounted in, stands in its requests.
    """

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        self._app, self._root = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or send it to the address that it means."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        root = scope.get("root_path") or self._root
        path = path_below(scope["path"], root)
        there = f"{root.rpartition('/')[2]}/" if root and path == root else better_address(path)
        if there:
            query = scope["query_string"].decode("latin-1")
            answer = Response(status_code=308, headers={"location": f"{there}?{query}" if query else there})
            await answer(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        asked = {**scope, "path": path.rstrip("/") or "/", "method": "GET" if head else scope["method"]}
        await self._app(asked, receive, _without_body(send) if head else send)


def path_below(path: str, root: str) -> str:
    """Take the path of a proxy away, as far as the proxy has left it there.

    Examples
    --------
    >>> path_below("/flowers/predict", "/flowers"), path_below("/predict", "/flowers"), path_below("/more", "/mo")
    ('/predict', '/predict', '/more')
    """
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def better_address(path: str) -> str:
    """Return where a page lies whose links would lead astray from here, as a relative address; "" where none would.

    Examples
    --------
    >>> better_address("/teach/"), better_address("/teach"), better_address("/predict/")
    ('../teach', '', '')
    """
    page = path.rstrip("/")
    return f"..{page}" if path == f"{page}/" and page in PAGES else ""


def _without_body(send: Send) -> Send:
    async def send_header(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_header
