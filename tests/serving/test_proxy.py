"""The server behind a proxy, below a path, asked as proxies and scripts ask."""

import io
import re
import time
import warnings

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from headstart.serving.addresses import Addresses
from headstart.serving.app import create_app
from headstart.serving.auth import AccessRules
from headstart.serving.multipart import extended_name
from headstart.serving.page_routes import load_pages
from headstart.serving.sessions import SessionLimits, SessionStore
from headstart.settings.serving import ServerAddress

PATH = "/flowers"


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    return file.getvalue()


@pytest.fixture(params=["the proxy leaves its path", "the proxy takes its path away", "another application mounts it"])
def below(request, start) -> TestClient:
    """A client of a server below a path."""
    app = start().client.app._app  # without the addresses of its own
    whole = Addresses(app, "" if request.param == "another application mounts it" else PATH)

    async def proxy(scope, receive, send):
        taken = {**scope, "path": scope["path"].removeprefix(PATH)}
        await whole(taken if request.param == "the proxy takes its path away" else scope, receive, send)

    mounted = Starlette(routes=[Mount(PATH, whole)])
    return TestClient(mounted if request.param == "another application mounts it" else proxy)


def test_everything_is_reached_below_a_path(below):
    for path in ("/", "/teach", "/docs", "/pages/style.css", "/model", "/health", "/metrics", "/openapi.json"):
        assert below.get(PATH + path).status_code == 200, path
    answer = below.post(f"{PATH}/predict", files={"files": ("a.png", png())})
    assert answer.json()["predictions"][0]["name"] == "a.png"


def test_a_session_of_teaching_holds_below_a_path(below):
    shown = below.post(f"{PATH}/teach/pictures", files={"files": ("a.png", png())}, data={"label": "red"})
    assert shown.status_code == 200
    assert [one["name"] for one in below.get(f"{PATH}/teach/state").json()["classes"]] == ["red"]


@pytest.mark.parametrize("name", sorted(name for name in load_pages() if name.endswith((".html", ".js", ".css"))))
def test_pages_and_scripts_name_no_address_from_the_root(name):
    text = load_pages()[name].content.decode()
    assert not re.search(r"""(href|src)=["']/|(ask|fetch|import)\(?\s*[`"']/|url\(["']?/""", text)


def test_who_has_no_model_is_led_to_teaching_by_a_relative_address(start):
    answer = start(model=False).client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "teach")


def test_the_header_of_everything_that_can_be_read_can_be_asked_for(server):
    described = server.client.get("/openapi.json").json()["paths"]
    paths = [path for path, methods in described.items() if "get" in methods and path != "/teach/model"]
    for path in (*paths, "/", "/teach", "/docs", "/pages/common.js", "/openapi.json"):
        whole, head = server.client.get(path), server.client.head(path)
        assert (head.status_code, head.content) == (200, b""), path
        assert head.headers["content-type"] == whole.headers["content-type"]
    assert server.client.head("/predict").status_code == 405
    assert server.client.head("/nothing").status_code == 404


def test_a_slash_at_the_end_changes_nothing(server):
    assert server.client.get("/health/").json() == server.client.get("/health").json()
    assert server.client.post("/predict/", files={"files": ("a.png", png())}).status_code == 200
    for page in ("teach", "docs"):  # whose links would lead astray from there
        answer = server.client.get(f"/{page}/?x=1", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (308, f"../{page}?x=1")
        assert server.client.get(f"/{page}/").status_code == 200


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("filename*=UTF-8''%E8%8A%B1%20a.png", "花 a.png"),
        ("filename=\"x.png\"; filename*=utf-8'en'%e8%8a%b1.png", "花.png"),
        ("filename*=ISO-8859-1''caf%E9.png", "café.png"),
        ("filename*=no-such-thing''a.png", "a.png"),
        ("filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"),
    ],
)
def test_names_of_files_come_in_the_extended_form_too(name, expected, server):
    head = f'--edge\r\nContent-Disposition: form-data; name="files"; {name}\r\n\r\n'
    answer = server.client.post(
        "/predict",
        content=head.encode() + png() + b"\r\n--edge--\r\n",
        headers={"content-type": "multipart/form-data; boundary=edge"},
    )
    assert answer.json()["predictions"][0]["name"] == expected


def test_the_path_of_a_proxy_is_written_in_any_way():
    assert {ServerAddress(root_path=path).root_path for path in ("flowers", "/flowers", "/flowers/")} == {"/flowers"}
    assert ServerAddress(root_path="/").root_path == ""


def test_the_path_of_a_proxy_without_its_slash_leads_to_the_page(start):
    client = TestClient(Addresses(start().client.app._app, "/of/flowers"))
    answer = client.get("/of/flowers?a=1", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, "flowers/?a=1")
    assert client.get("/of/flowers").status_code == 200


def test_nothing_deprecated_is_used_below_a_path(start):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        create_app(
            start().service, AccessRules(()), SessionStore(SessionLimits(), time.monotonic), lambda *_: None, PATH
        )


def test_what_stands_in_quotes_is_no_name_of_its_own():
    assert extended_name(b"""form-data; name="files"; filename="x; filename*=UTF-8''other.png\"""") is None
    assert extended_name(b"""form-data; name="files"; filename*="UTF-8''a.png\"""") == "a.png"
