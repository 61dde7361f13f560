"""The server as people start it: a process of its own, a port, signals, clients that misbehave."""

import asyncio
import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes import FakeNetwork
from pictures import save_flowers
from visitors import png

PROGRAM = """
import signal, sys, time
from pathlib import Path

sys.path.insert(0, sys.argv.pop(1))
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background shell may have switched it off
from fakes import FakeNetwork
from headstart.encoders import loading
from headstart.workflows import model
from headstart.__main__ import main


class Slow(FakeNetwork):
    def encode(self, batch):
        if Path("slow").exists():
            Path("encoding").touch()
            time.sleep(0.7)
        return super().encode(batch)


network = Slow()
loading.load_encoder = model.open_saved = lambda *_, **__: network
main()
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a saved model in it."""
    from headstart.api.models import fit

    place = tmp_path_factory.mktemp("serve")
    save_flowers(place / "flowers", 8)
    with pytest.MonkeyPatch.context() as patch:
        network = FakeNetwork()
        patch.setattr("headstart.encoders.loading.load_encoder", lambda *_, **__: network)
        fit(place / "flowers", head="centroid", cache=place / "cache").save(place / "model")
    return place


def launch(place: Path, *arguments: str) -> subprocess.Popen[str]:
    tests = str(Path(__file__).parent.parent)
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM, tests, "serve", *arguments],
        cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip


@dataclass
class Running:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    port: int

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def send(self, connection: http.client.HTTPConnection, content: bytes) -> None:
        body = (
            b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
            + content
            + b"\r\n--x--\r\n"
        )
        connection.request("POST", "/predict", body, {"content-type": "multipart/form-data; boundary=x"})

    def predict(self, content: bytes) -> tuple[int, dict]:
        connection = self.connect()
        self.send(connection, content)
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read())
        connection.close()
        return found


@contextmanager
def running(place: Path, *arguments: str) -> Iterator[Running]:
    process = launch(place, str(place / "model"), "--port", "0", "--json", *arguments)
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        address = json.loads(line)["address"]
        yield Running(process, int(address.rsplit(":", 1)[1].strip("/")))
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def shared(place: Path) -> Iterator[Running]:
    """One server for the tests that do not stop it."""
    with running(place) as server:
        yield server


def test_serving_explaining_and_teaching_load_no_torch(place):
    code = (
        "import sys, headstart.workflows.fit, headstart.workflows.interactive\n"
        "import headstart.serving.explanations.image, headstart.serving.lifespan\n"
        "print([name for name in ('torch', 'timm', 'matplotlib') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


def test_a_picture_is_answered_over_the_network(shared):
    status, answer = shared.predict(png((190, 30, 60)))
    assert (status, answer["predictions"][0]["label"]) == (200, "rose")


def test_an_answer_in_two_pieces_does_not_wait_for_the_client_to_acknowledge_the_first():
    from headstart.serving.server import bind

    async def connect(listener: socket.socket) -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(answer, sock=listener):
            reader, writer = await asyncio.open_connection(*listener.getsockname()[:2])
            await reader.read()
            writer.close()
        return await found

    with bind("127.0.0.1", 0) as listener:
        assert asyncio.run(connect(listener)) != 0


def test_a_second_server_on_the_port_is_told_so_at_once(shared, place):
    process = launch(place, str(place / "model"), "--port", str(shared.port))
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (1, "")
    assert stderr.splitlines() == [
        f"Error: The server cannot listen on 127.0.0.1, port {shared.port}. The system says: Address already in use. "
        "Stop what uses it, or choose another one with --port (0 takes a free one)."
    ]
    assert shared.predict(png())[0] == 200


def test_clients_that_send_rubbish_or_hang_up_do_not_stop_it(shared):
    for rubbish in (
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Content-Length: 5000\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n",
    ):
        with socket.create_connection(("127.0.0.1", shared.port), timeout=10) as client:
            client.sendall(rubbish)
    assert shared.predict(png())[0] == 200


def test_a_body_that_is_too_large_gets_its_answer_although_the_client_goes_on_sending(shared):
    connection = shared.connect()
    connection.putrequest("POST", "/predict")
    connection.putheader("content-type", "multipart/form-data; boundary=x")
    connection.putheader("content-length", "100000000")
    connection.endheaders()
    for _ in range(100):
        connection.send(bytes(1_000_000))
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]["code"]) == (413, "too_large")
    connection.close()
    assert shared.predict(png())[0] == 200


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_lets_running_requests_finish_and_ends_with_one_line(place, number, code):
    (place / "slow").touch()
    (place / "encoding").unlink(missing_ok=True)
    try:
        with running(place, "--quiet") as server:
            (place / "encoding").unlink(missing_ok=True)  # of the warming up
            waiting = server.connect()
            server.send(waiting, png())
            while not (place / "encoding").exists():
                time.sleep(0.01)
            server.process.send_signal(number)
            answer = waiting.getresponse()
            assert (answer.status, "predictions" in json.loads(answer.read())) == (200, True)
            waiting.close()
            stdout, stderr = server.process.communicate(timeout=20)
            assert (server.process.returncode, stdout) == (code, "")
            assert stderr.splitlines()[1:] == ["Stopped. Requests answered: 1."]
            with pytest.raises(OSError):
                socket.create_connection(("127.0.0.1", server.port), timeout=5)
    finally:
        (place / "slow").unlink()


def test_a_client_that_never_sends_its_header_is_let_go(place):
    code = """
import sys
from datetime import datetime
from headstart.settings.serving import ServerLimits
from headstart.serving.access_log import AccessLog
from headstart.serving.server import bind, run

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"here"})

listener = bind("127.0.0.1", 0)
journal = AccessLog(lambda line: None, datetime.now)
run(app, listener, ServerLimits(header_seconds=0.4), journal, lambda: print(listener.getsockname()[1], flush=True))
"""
    process = subprocess.Popen([sys.executable, "-W", "error", "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        port = int(process.stdout.readline())
        for beginning in (b"", b"GET / HTTP/1.1\r\nHos"):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
                client.sendall(beginning)
                for _ in range(3):  # every byte in time, the header never
                    time.sleep(0.1)
                    client.sendall(b"t" if beginning else b"")
                assert client.recv(1000).startswith(b"HTTP/1.1 408 ")
                assert client.recv(1000) == b""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for _ in range(2):  # a connection that is kept may rest longer than a header takes
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"here"
            time.sleep(0.6)
        connection.close()
    finally:
        process.terminate()
        process.communicate()


def test_a_model_with_a_changed_byte_is_not_served(place, headstart_here):
    damaged = place / "damaged"
    names = sorted(path.name for path in (place / "model").iterdir())
    assert {"manifest.json", "head.safetensors", "references.safetensors", "README.md"} <= set(names)
    for name in names:  # what is opened, and what is only handed on
        shutil.rmtree(damaged, ignore_errors=True)
        shutil.copytree(place / "model", damaged)
        content = bytearray((damaged / name).read_bytes())
        content[len(content) // 2] ^= 1
        (damaged / name).write_bytes(content)
        answer = headstart_here("serve", damaged, "--port", "0")
        assert (answer.exit_code, answer.stdout) == (1, "")
        assert answer.stderr.startswith(f"Error: The model '{damaged}' is damaged. '{damaged / name}' "), name


def test_what_is_not_a_model_and_settings_that_make_no_sense_are_said_before_it_opens(place, headstart_here):
    for arguments, beginning in (
        ((place / "flowers",), "Error: '"),
        ((place / "model", "--max-megabytes", "0"), "Error: The limit max megabytes must be above nothing, not 0."),
        ((place / "model", "--token", "short"), "Error: The token cannot be used. It needs at least 8 letters"),
        (
            (place / "model", "--host", "256.0.0.1"),
            "Error: The server cannot listen on 256.0.0.1, port 0. The system says",
        ),
    ):
        answer = headstart_here("serve", *arguments, "--port", "0")
        assert (answer.exit_code, answer.stdout) == (1, "")
        assert answer.stderr.startswith(beginning), answer.stderr


def test_without_its_packages_the_installation_is_named(place, headstart_here, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.setattr("headstart.serving.requirements.find_spec", lambda name: None if name == "uvicorn" else name)
    answer = headstart_here("serve", place / "model")
    assert answer.exit_code == 1
    assert answer.stderr == (
        "Error: The package 'uvicorn' is not installed. It is needed to answer over HTTP. "
        'Install it with: pip install "headstart[serve]"\n'
    )


@pytest.fixture
def headstart_here(fake_network):
    """Run ``headstart ARGUMENTS`` in this process."""
    from click.testing import CliRunner

    from headstart.cli.app import app

    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="headstart")
