"""Who may come in: the host that was meant, the page that asks, the token."""

import hmac
import ipaddress
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from headstart.serving.http_errors import refused

PAGES = ("/teach", "/docs")  # besides the one at the root
OPEN_ROUTES = ("/health", "/", *PAGES)  # pages hold no secret; what they show needs the token
READING = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class AccessRules:
    """The rules at the door.

    Attributes
    ----------
    hosts
        Names the server may be called by, in small letters. Addresses in figures are always let in: a page of another
        site that has its name point here (DNS rebinding) sends that name, never the figures.
    token
        What a client must know; "" when everybody may come.

    Examples
    --------
    >>> entry = AccessRules(("localhost",))
    >>> entry.check("GET", "/model", {"host": "localhost:8000"})
    >>> entry.check("GET", "/model", {"host": "evil.example"})
    Traceback (most recent call last):
    headstart.serving.http_errors.Refusal: ...
    """

    hosts: Collection[str]
    token: str = ""

    def check(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        """Let a request in, or raise Refusal: 421 for a foreign host, 403 for a foreign page, 401 without the token."""
        host = headers.get("host", "")
        if not self._known(host):
            raise refused(421, "serving.wrong_host")
        if method not in READING and _is_foreign(host, headers):
            raise refused(403, "serving.foreign_page")
        if self.token and not (path in OPEN_ROUTES or path.startswith("/pages/")):
            self._check_token(headers.get("authorization", ""))

    def _known(self, host: str) -> bool:
        name = _name_of(host)
        return name in self.hosts or _is_address(name)

    def _check_token(self, given: str) -> None:
        kind, _, secret = given.partition(" ")
        # In constant time, so that the time tells nothing about how much of it was right.
        right = hmac.compare_digest(secret.strip().encode(), self.token.encode())
        if kind.lower() != "bearer" or not right:
            raise refused(401, "serving.wrong_token" if given else "serving.no_token", {"www-authenticate": "Bearer"})


def _is_foreign(host: str, headers: Mapping[str, str]) -> bool:
    """Return whether a browser says that a page of another origin asks; programs send neither header."""
    site = headers.get("sec-fetch-site")
    if site is not None:  # what the browser saw, which also holds where a proxy has changed the host
        return site not in ("none", "same-origin")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != host.lower()


def _name_of(host: str) -> str:
    """Take the port off a Host header.

    Examples
    --------
    >>> _name_of("LOCALHOST:80"), _name_of("[::1]:80"), _name_of("::1")
    ('localhost', '::1', '::1')
    """
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() and ":" not in name else host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
