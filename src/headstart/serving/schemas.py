"""The shapes of the answers, for the OpenAPI description."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow")  # a model may say more about a picture


class ErrorBody(BaseModel):
    """What went wrong, for programs and for people."""

    code: str
    problem: str
    reason: str
    remedy: str


class ErrorAnswer(BaseModel):
    """Every answer with a status from 400 on."""

    error: ErrorBody


class ExampleAnswer(_Open):
    """What a model says of one example, by the names of its task, or why it could not be read."""

    name: str
    error: ErrorBody | None = None


class PredictAnswer(BaseModel):
    """One entry per example, in the order they were sent."""

    predictions: list[ExampleAnswer]


class HealthAnswer(BaseModel):
    """That the server is here, and whether it has a model."""

    status: str
    model: bool
    version: str


class ModelAnswer(_Open):
    """What the model is."""

    encoder: dict[str, Any]
    head: str
    scores: dict[str, Any]
    digests: dict[str, str]


@dataclass(frozen=True, slots=True)
class AnswerSchemas:
    """What a task answers to /predict and /model."""

    predict: type[BaseModel]
    model: type[BaseModel]


PLAIN = AnswerSchemas(PredictAnswer, ModelAnswer)  # of a task that says no more

FILES_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "format": "binary"},
                            "description": "Picture files: JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, JPEG 2000 or PPM.",
                        }
                    },
                }
            }
        },
    }
}


def body_of(json: Mapping[str, Any] | None) -> dict[str, Any]:
    """Describe what /predict takes: files, and for examples that JSON can hold its schema."""
    body = deepcopy(FILES_BODY)
    if json is not None:
        body["requestBody"]["content"]["application/json"] = {"schema": json}
        files = body["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]["files"]
        files["description"] = "Text files, or tables with a column of texts."
    return body


TEACH_BODY = deepcopy(FILES_BODY)
_SCHEMA = TEACH_BODY["requestBody"]["content"]["multipart/form-data"]["schema"]
_SCHEMA["required"].append("label")
_SCHEMA["properties"] |= {"label": {"type": "string"}, "series": {"type": "string"}}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the refusals of a route; those of the gate are always among them.

    Examples
    --------
    >>> sorted(refusals(415))
    [401, 403, 408, 413, 415, 421, 503]
    """
    return {status: {"model": ErrorAnswer} for status in sorted({401, 403, 408, 413, 421, 503, *statuses})}
