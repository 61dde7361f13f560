"""The shapes of the answers, for the OpenAPI description."""

from collections.abc import Mapping, Sequence
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


def body_of(json: Mapping[str, Any] | None, fields: Sequence[str] = (), required: Sequence[str] = ()) -> dict[str, Any]:
    """Describe what a route takes: files, for examples that JSON can hold its schema, and fields beside either."""
    body = deepcopy(FILES_BODY)
    content, beside = body["requestBody"]["content"], {name: {"type": "string"} for name in fields}
    form = content["multipart/form-data"]["schema"]
    if json is not None:
        content["application/json"] = {"schema": _beside(json, beside, required)}
        form["properties"]["files"]["description"] = "Text files, or tables with a column of texts."
    content["multipart/form-data"]["schema"] = _beside(form, beside, required)
    return body


def _beside(schema: Mapping[str, Any], fields: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    more: dict[str, Any] = {"properties": {**schema["properties"], **fields}}
    if required:
        more["required"] = [*schema.get("required", ()), *required]
    for bound, count in (("minProperties", len(required)), ("maxProperties", len(fields))):
        if bound in schema:
            more[bound] = schema[bound] + count
    if "examples" in schema:
        more["examples"] = [{**one, **dict.fromkeys(required, "...")} for one in schema["examples"]]
    return {**schema, **more}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the refusals of a route; those of the gate are always among them.

    Examples
    --------
    >>> sorted(refusals(415))
    [401, 403, 408, 413, 415, 421, 503]
    """
    return {status: {"model": ErrorAnswer} for status in sorted({401, 403, 408, 413, 421, 503, *statuses})}
