"""What the server needs beyond the ordinary installation."""

from importlib.util import find_spec

from headstart.errors import MissingExtraError

PACKAGES = {
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "python_multipart": "python-multipart",
    "prometheus_client": "prometheus-client",
}


def require_packages() -> None:
    """Raise MissingExtraError when one of them is not installed.

    Examples
    --------
    >>> require_packages()
    """
    for module, package in PACKAGES.items():
        if find_spec(module) is None:
            raise MissingExtraError(package, "serve", "serving.to_answer")
