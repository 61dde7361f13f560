"""How a server is to be: where it listens, whom it lets in, how much one may ask for. Values, checked at once."""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from headstart.errors import RecipeError
from headstart.runtime.findings import Finding

MEGABYTE = 1_000_000
SHORTEST_TOKEN = 8


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """The bounds of the server; whatever goes beyond one is answered with a 4xx or 503 before it is decoded.

    Attributes
    ----------
    file_bytes
        Of one example file. Telephones make files of 3 to 15 megabytes.
    request_bytes
        Of one request, all its files together.
    held_bytes
        Of all requests that are being read or answered: beyond it others are told to come again.
    files
        Examples in one request.
    size
        Of one example once decoded. Of a picture its pixels: 50 million are 150 megabytes as RGB, for each thread.
    header_seconds, body_seconds, request_seconds
        How long a client may take to send its header and its body, and how long a request may take altogether.
    connections
        Open connections.
    waiting
        Examples that wait for a thread.

    Raises
    ------
    RecipeError
        When a bound is not above nothing.

    Examples
    --------
    >>> ServerLimits.of(max_megabytes=2.5).file_bytes
    2500000
    """

    file_bytes: int = 20 * MEGABYTE
    request_bytes: int = 80 * MEGABYTE
    held_bytes: int = 320 * MEGABYTE
    files: int = 64
    size: int = 50_000_000
    header_seconds: float = 10.0
    body_seconds: float = 30.0
    request_seconds: float = 60.0
    connections: int = 512
    waiting: int = 1024

    def __post_init__(self) -> None:
        """Refuse bounds that let nothing through."""
        for name in self.__slots__:
            if not getattr(self, name) > 0:
                said = "pixels" if name == "size" else name.replace("_", " ")
                raise RecipeError("settings.limit_too_small", name=said, value=getattr(self, name))

    @classmethod
    def of(cls, *, max_megabytes: float = 20, max_size: int = 50_000_000, max_files: int = 64) -> "ServerLimits":
        """Derive all bounds from those of one file: a request may hold four of the largest, the server sixteen."""
        if not 0 < max_megabytes < 100_000:
            raise RecipeError("settings.limit_too_small", name="max megabytes", value=f"{max_megabytes:g}")
        size = max(1, round(max_megabytes * MEGABYTE))
        return cls(
            file_bytes=size, request_bytes=4 * size, held_bytes=16 * size, files=max_files, size=max_size
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Host and port to listen on, the token clients need, further names the server is called by, a proxy's path.

    Raises
    ------
    RecipeError
        When the token is too short to be one, or cannot stand in a header.

    Examples
    --------
    >>> ServerAddress().warnings(), len(ServerAddress(host="0.0.0.0").warnings())
    ((), 1)
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str = ""
    names: tuple[str, ...] = ()
    root_path: str = ""

    def __post_init__(self) -> None:
        """Refuse a token that is none, and write the path of a proxy as ``/path``."""
        below = self.root_path.strip().strip("/")
        object.__setattr__(self, "root_path", f"/{below}" if below else "")
        if self.token and (len(self.token) < SHORTEST_TOKEN or not self.token.isascii() or " " in self.token):
            raise RecipeError("settings.short_token", least=SHORTEST_TOKEN)

    def is_local(self) -> bool:
        """Return whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def warnings(self) -> tuple[Finding, ...]:
        """Return what the user should know before it opens."""
        if self.is_local() or self.token:
            return ()
        return (Finding("settings.open_to_all", {"host": self.host}),)

    def known_names(self) -> tuple[str, ...]:
        """List the names a browser may call it by, besides addresses in figures."""
        own = (self.host, socket.gethostname()) if not self.is_local() else ()
        return tuple(name.lower() for name in ("localhost", *own, *self.names))


@dataclass(frozen=True, slots=True)
class ServedModel:
    """What a server holds: a saved model or none, the encoder to teach with when there is none, and its threads.

    ``workers`` is the number of threads for examples; None takes as many as there are cores.
    """

    model: Path | None = None
    encoder: str = "efficientnet_lite0"
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class ServerCallbacks:
    """How a server speaks: ``ready`` is called with its address once it listens, ``note`` with each line of its log."""

    ready: Callable[[str], None]
    note: Callable[[str], None]
