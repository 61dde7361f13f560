"""Many HTTP clients in one thread, as light as they can be: what they take from the server's cores is measured."""

import json
import selectors
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds without any answer after which the server is given up


@dataclass(slots=True)
class Outcome:
    """What came back.

    Attributes
    ----------
    seconds
        From the first request to the last answer.
    busy
        Processor seconds of the clients themselves.
    latencies
        Of each request, in seconds.
    wrong
        Sentences about answers that are not what the library says.
    """

    seconds: float = 0.0
    busy: float = 0.0
    latencies: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds


@dataclass(slots=True)
class _Client:
    connection: socket.socket
    received: bytearray = field(default_factory=bytearray)
    number: int = 0
    sent: float = 0.0


def request_of(picture: bytes) -> bytes:
    """Write a whole request with one picture."""
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n' + picture + b"\r\n--x--\r\n"
    head = (
        f"POST /predict HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: "
    )
    return head.encode() + f"{len(body)}\r\n\r\n".encode() + body


def ask(
    port: int,
    requests: Sequence[bytes],
    expected: Sequence[str],
    clients: int,
    count: int,
    watch: Callable[[int], None] = lambda done: None,
) -> Outcome:
    """Send ``count`` requests over ``clients`` connections that stay open, each the next one as soon as it is answered.

    Request number n is ``requests[n % len(requests)]``, and its answer must name the class ``expected`` at that place.
    """
    outcome, numbers = Outcome(), iter(range(count))
    busy, start = time.process_time(), time.perf_counter()
    with selectors.DefaultSelector() as selector:
        open_ones = [_Client(socket.create_connection((HOST, port))) for _ in range(clients)]
        waiting = sum(_send_next(client, numbers, requests) for client in open_ones)
        for client in open_ones:
            selector.register(client.connection, selectors.EVENT_READ, client)
        while waiting:
            ready = selector.select(PATIENCE)
            if not ready:
                outcome.wrong.append(f"{waiting} requests were not answered in {PATIENCE:.0f} seconds.")
                break
            for key, _ in ready:
                client = key.data
                answer = _answer_of(client)
                if answer is None:
                    continue
                _note(outcome, client, answer, expected)
                watch(len(outcome.latencies))
                waiting += _send_next(client, numbers, requests) - 1
        for client in open_ones:
            client.connection.close()
    outcome.seconds, outcome.busy = time.perf_counter() - start, time.process_time() - busy
    return outcome


def _send_next(client: _Client, numbers: Iterator[int], requests: Sequence[bytes]) -> int:
    number = next(numbers, None)
    if number is None:
        return 0
    client.number, client.sent = number, time.perf_counter()
    client.connection.sendall(requests[number % len(requests)])
    return 1


def _answer_of(client: _Client) -> tuple[int, bytes] | None:
    """Read what has come; status and body when the answer is whole."""
    piece = client.connection.recv(65536)
    if not piece:
        return 0, b""
    client.received += piece
    head, found, body = bytes(client.received).partition(b"\r\n\r\n")
    if not found:
        return None
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    if len(body) < int(fields[b"content-length"]):
        return None
    client.received.clear()
    return int(head[9:12]), body


def _note(outcome: Outcome, client: _Client, answer: tuple[int, bytes], expected: Sequence[str]) -> None:
    outcome.latencies.append(time.perf_counter() - client.sent)
    status, body = answer
    wanted = expected[client.number % len(expected)]
    if status != 200:
        outcome.wrong.append(f"Request {client.number} got {status}.")
    elif json.loads(body)["predictions"][0]["label"] != wanted:
        outcome.wrong.append(f"Request {client.number} was answered with another class than the library gives.")
