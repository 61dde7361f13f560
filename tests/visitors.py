"""A fake model for the server, small pictures as files, and what every refusal looks like."""

import base64
import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image
from starlette.testclient import TestClient

from fakes import FakeEncoder, FakeNetwork
from headstart.serving.interactive import ShownExamples
from headstart.serving.service import Service
from headstart.settings.serving import ServerLimits
from headstart.workflows.interactive import SessionModel, teach

SMALL = ServerLimits(
    file_bytes=20_000, request_bytes=60_000, held_bytes=120_000, files=4, size=10_000, body_seconds=0.3,
    request_seconds=30.0,
)  # fmt: skip


@dataclass(frozen=True)
class FakeModel:
    """Says how red a picture is; its classes try to be HTML."""

    task: ClassVar[str] = "classification"
    encoder: FakeEncoder = field(default_factory=FakeEncoder)
    classes: tuple[str, str] = ("<b onmouseover=alert(1)>blue</b>", "red & <script>")

    def answer(self, features: np.ndarray) -> list[dict]:
        red = [round(float(row[:16].mean()), 3) for row in features]
        return [
            {
                "prediction_set": [
                    name for part, name in zip((1 - share, share), self.classes, strict=True) if part > 0.2
                ],
                "unfamiliar": 0.49 < share < 0.51,
                "abstained": 0.4 < share < 0.6,
                "label": self.classes[share >= 0.5],
                "probability": max(share, 1 - share),
                "top": [
                    {"label": name, "probability": part}
                    for part, name in sorted(zip((1 - share, share), self.classes, strict=True), reverse=True)
                ],
            }
            for share in red
        ]

    def describe(self) -> dict:
        score = {"value": 0.9, "low": 0.8, "high": 0.95, "method": "wilson"}
        return {
            "classes": list(self.classes),
            "class_counts": dict.fromkeys(self.classes, 4),
            "encoder": {"name": "fake", "architecture": "fake", "licence": "Apache-2.0"},
            "head": "fake",
            "guard": {"coverage": 0.9},
            "scores": {"accuracy": score},
            "pictures": {"fit": 8, "score": 40},
            "created": "2026-01-01",
            "digests": {"model": "0" * 64},
            "explains": True,
        }

    def explain(self, picture: Image.Image) -> dict | None:
        heat = Image.new("RGBA", picture.size, (255, 200, 0, 200))
        buffer = io.BytesIO()
        heat.save(buffer, "PNG")
        uri = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
        near = [
            {"name": "<i>near</i>.png", "label": self.classes[1], "distance": 0.1, "picture": uri},
            {"name": "gone.png", "label": self.classes[0], "distance": 0.2, "picture": None},
        ]
        return {"heat_map": uri, "target": self.classes[1], "method": "cam", "exact": True, "neighbours": near}


@dataclass
class Server:
    """The application, a client that asks it, and the lines it wrote."""

    client: TestClient
    lines: list[str]
    service: Service

    @property
    def log(self) -> list[dict]:
        return [json.loads(line) for line in self.lines]

    def predict(self, *contents: bytes, path: str = "/predict", name: str = "a.png"):
        return self.client.post(path, files=[("files", (name, content)) for content in contents])


def png(colour: object = "red", size: tuple[int, int] = (8, 6)) -> bytes:
    """A small picture file."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def error_of(response: object) -> str:
    """The code of a refusal, after a look at its shape."""
    body = response.json()
    assert set(body) == {"error"} and set(body["error"]) == {"code", "problem", "reason", "remedy"}
    assert body["error"]["problem"].endswith(".")
    return body["error"]["code"]


def learn(shown: ShownExamples) -> SessionModel:
    """Learn in earnest, from the features of the fake encoder."""
    network = FakeNetwork()
    return teach(network, network.files, shown, datetime(2026, 1, 1, tzinfo=UTC), Path("cache"))
