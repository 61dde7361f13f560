"""What bad input gets: a clear 4xx each, and a server that is still answering afterwards."""

import asyncio
import io
import threading

import pytest
from PIL import Image

from headstart.serving.multipart import display_name
from visitors import error_of, png

HEAD = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'


@pytest.fixture(autouse=True)
def _still_answering(server):
    """Whatever a test sent, the server answers afterwards."""
    yield
    assert server.predict(png()).status_code == 200


def jpeg(size: tuple[int, int] = (80, 60)) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 50).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


def damaged() -> bytes:
    """A TIFF with a whole header and broken pixels."""
    buffer = io.BytesIO()
    Image.effect_noise((60, 48), 50).convert("RGB").save(buffer, "TIFF", compression="tiff_adobe_deflate")
    content = bytearray(buffer.getvalue())
    content[20:200] = b"\xff" * 180
    return bytes(content)


def bomb() -> bytes:
    """A file of a hundred bytes that claims 60,000 x 60,000 pixels."""
    return b"P6 60000 60000 255 " + bytes(100)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"hello", 415, "not_a_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "not_a_picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", 415, "not_a_picture"),
        (b"", 422, "empty"),
        (jpeg()[:-40], 422, "truncated"),
        (png()[:30], 422, "truncated"),
        (b"\xff\xd8\xff\xe0" + bytes(50) + b"\xff\xd9", 422, "damaged"),
        (damaged(), 422, "damaged"),
        (bomb(), 413, "too_many_pixels"),
        (png(size=(101, 100)), 413, "too_many_pixels"),
        (png() + bytes(20_000), 413, "too_large"),
    ],
)
def test_a_file_that_is_no_good_picture_is_named(server, content, status, code):
    answer = server.predict(content)
    assert (answer.status_code, error_of(answer)) == (status, code)


def test_the_size_in_pixels_is_read_off_the_header_and_nothing_is_decoded(server, monkeypatch):
    monkeypatch.setattr("headstart.serving.uploads.image.decode", lambda _: pytest.fail("it was decoded"))
    assert error_of(server.predict(bomb())) == "too_many_pixels"
    assert error_of(server.predict(png(size=(101, 100)))) == "too_many_pixels"
    monkeypatch.undo()


def test_a_picture_too_large_says_both_sizes(server):
    assert server.predict(png(size=(200, 100))).json()["error"] == {
        "code": "too_many_pixels",
        "problem": "The picture has too many pixels.",
        "reason": "It has 200 x 100; the limit is 10,000 altogether.",
        "remedy": "Make it smaller, or start the server with a higher --max-pixels.",
    }


def test_the_wrong_field_name_is_said_with_the_right_one(server):
    answer = server.client.post("/predict", files={"image": png()})
    assert answer.status_code == 422
    assert answer.json()["error"] == {
        "code": "wrong_field",
        "problem": "There is a field with the name 'image'.",
        "reason": "Expected 'files'.",
        "remedy": "Send pictures in the field 'files'.",
    }


def test_a_picture_as_text_and_a_form_without_files_are_refused(server):
    answer = server.client.post("/predict", files={"files": (None, "text")})
    assert (answer.status_code, error_of(answer)) == (422, "no_file")
    empty = server.client.post(
        "/predict", content=b"--x--\r\n", headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert empty.status_code in (400, 422)


@pytest.mark.parametrize(
    "kind", ["", "application/json", "image/png", "application/x-www-form-urlencoded", "multipart/mixed; boundary=x"]
)
def test_another_content_type_is_refused_with_the_right_one(server, kind):
    answer = server.client.post("/predict", content=png(), headers={"content-type": kind})
    assert (answer.status_code, error_of(answer)) == (415, "wrong_content_type")
    assert "multipart/form-data" in answer.json()["error"]["reason"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=" + "x" * 500, b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
        ("multipart/form-data; boundary=x", HEAD + b"ab"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"a: b\r\n" * 100),
        ("multipart/form-data; boundary=x", b"--x\r\nbad header\r\n\r\n\r\n--x--"),
        ("multipart/form-data; boundary=x", b""),
    ],
)
def test_a_form_that_cannot_be_read_is_a_400(server, kind, body):
    answer = server.client.post("/predict", content=body, headers={"content-type": kind})
    assert (answer.status_code, error_of(answer)) == (400, "bad_form")


def test_a_thousand_files_at_once_are_refused_at_the_fifth(start):
    server = start(request_bytes=1_000_000, held_bytes=1_000_000)
    answer = server.client.post("/predict", files=[("files", (f"{n}.png", b"x")) for n in range(1000)])
    assert (answer.status_code, error_of(answer)) == (413, "too_many_files")
    assert answer.json()["error"]["reason"] == "The limit is 4."


def test_requests_that_hold_too_much_together_are_told_to_come_again(start):
    server = start(held_bytes=1000)
    answer = server.predict(png() + bytes(2000))
    assert (answer.status_code, error_of(answer), answer.headers["retry-after"]) == (503, "busy", "1")
    assert server.predict(png()).status_code == 200


@pytest.mark.parametrize(
    "name",
    ["../../../etc/passwd", "..\\..\\windows\\system32\\a.png", "/etc/shadow", "a\x00b.png", "CON", "..", "a" * 5000,
     "\u202egnp.exe", "<img src=x onerror=alert(1)>.png", "%2e%2e%2f", "file:///etc/passwd", "\ud83c\udf39 花.png"],
)  # fmt: skip
def test_a_file_name_is_shown_and_never_used(server, name, monkeypatch):
    import builtins

    monkeypatch.setattr(builtins, "open", lambda *_, **__: pytest.fail("a file was opened"))
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="'
        + name.encode("utf-8", "surrogatepass").replace(b"\\", b"\\\\").replace(b"\r", b"").replace(b"\n", b"")
        + b'"\r\n\r\n' + png() + b"\r\n--x--\r\n"
    )  # fmt: skip
    answer = server.client.post("/predict", content=body, headers={"content-type": "multipart/form-data; boundary=x"})
    monkeypatch.undo()
    if len(name) > 1000:
        assert error_of(answer) == "bad_form"
        return
    shown = answer.json()["predictions"][0]["name"]
    assert "/" not in shown and "\\" not in shown and "\x00" not in shown and "\u202e" not in shown
    assert 0 < len(shown) <= 200


def test_what_is_left_of_a_file_name():
    assert display_name("../../etc/passwd") == "passwd"
    assert display_name("a/b\\c\td.png") == "cd.png"
    assert [display_name(name) for name in ("", "..", "/", "\u202e")] == ["picture"] * 4


def ask_raw(app, pieces, length="900"):
    """Send pieces of a body one after the other; each is (seconds before it, message). The answer, and when it came."""
    sent, taken = [], []
    headers = {"host": "testserver", "content-type": "multipart/form-data; boundary=x", "content-length": length}
    scope = {
        "type": "http", "method": "POST", "path": "/predict", "query_string": b"",
        "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
    }  # fmt: skip

    async def receive():
        if len(taken) == len(pieces):
            await asyncio.sleep(60)
        pause, message = pieces[len(taken)]
        taken.append(len(sent))
        await asyncio.sleep(pause)
        return message

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent, taken


def piece(body=b"", more=True, pause=0.0):
    return pause, {"type": "http.request", "body": body, "more_body": more}


def test_a_body_that_is_too_large_is_refused_by_its_header_before_a_byte_is_read(server):
    sent, taken = ask_raw(server.client.app, [piece(b"x", more=False)], length="60001")
    assert (sent[0]["status"], taken) == (413, [2])  # head and text of the answer were sent before


def test_a_body_that_is_longer_than_it_may_be_is_refused_on_the_way(server):
    pieces = [piece(HEAD), *[piece(bytes(1000)) for _ in range(99)], piece(b"", more=False)]
    sent, taken = ask_raw(server.client.app, pieces)
    assert (sent[0]["status"], taken.count(0)) == (413, 22)  # at the first piece that is too much
    assert (server.log[0]["code"], server.log[0]["bytes"]) == ("too_large", len(HEAD) + 21_000)


def test_a_slow_client_is_told_so(server):
    drips = [piece(HEAD)] + [piece(b"a", pause=0.05) for _ in range(20)] + [(0.0, {"type": "http.disconnect"})]
    sent, _ = ask_raw(server.client.app, drips)
    assert sent[0]["status"] == 408
    assert b'"too_slow"' in sent[1]["body"]
    assert (server.log[0]["status"], server.log[0]["code"]) == (408, "too_slow")


def test_a_client_that_leaves_in_the_middle_of_its_body_is_noted_and_forgotten(server):
    sent, _ = ask_raw(server.client.app, [piece(HEAD), (0.0, {"type": "http.disconnect"})])
    assert sent == []
    assert server.log[0]["status"] == 499


def test_the_pictures_of_a_client_that_left_are_not_looked_at(start, monkeypatch):
    server = start()
    began = []
    monkeypatch.setattr(server.service.batcher, "submit", lambda *_: began.append(_never()) or began[-1])
    body = HEAD + png() + b"\r\n--x--\r\n"
    sent, _ = ask_raw(server.client.app, [piece(body, more=False), (0.02, {"type": "http.disconnect"})])
    assert sent == []
    assert server.log[0]["status"] == 499
    assert [future.cancelled() for future in began] == [True]


def _never():
    from concurrent.futures import Future

    return Future()


def test_a_request_that_takes_too_long_altogether_gets_a_503(start, monkeypatch):
    server = start(request_seconds=0.1)
    monkeypatch.setattr(server.service.batcher, "submit", lambda *_: _never())
    answer = server.predict(png())
    assert (answer.status_code, error_of(answer)) == (503, "busy")


def test_more_pictures_than_may_wait_are_told_to_come_again(start, monkeypatch):
    server, go_on = start(waiting=1), threading.Event()
    monkeypatch.setattr("headstart.serving.uploads.image.check", lambda *_: go_on.wait(20))
    answer = server.predict(png(), png(), png(), png())  # two workers hold one each, one waits, one is too much
    assert (answer.status_code, error_of(answer), answer.headers["retry-after"]) == (503, "busy", "1")
    go_on.set()
    monkeypatch.undo()
    assert server.predict(png()).status_code == 200
