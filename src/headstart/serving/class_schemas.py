"""The shapes of answers that name a class, for the OpenAPI description."""

from pydantic import BaseModel, Field

from headstart.serving import schemas


class ChoiceBody(BaseModel):
    """A class and its probability."""

    label: str
    probability: float = Field(ge=0, le=1)


class ClassAnswer(schemas.ExampleAnswer):
    """The class of one example, or why it could not be read."""

    label: str | None = None
    probability: float | None = Field(default=None, ge=0, le=1)
    top: tuple[ChoiceBody, ...] = ()
    prediction_set: tuple[str, ...] = ()
    abstained: bool = False
    unfamiliar: bool = False


class PredictAnswer(BaseModel):
    """One entry per example, in the order they were sent."""

    predictions: list[ClassAnswer]


class ModelAnswer(schemas.ModelAnswer):
    """What the model is."""

    classes: list[str]
    class_counts: dict[str, int]


CLASSES = schemas.AnswerSchemas(PredictAnswer, ModelAnswer)
