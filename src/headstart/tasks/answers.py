"""The part of a text that answers a question: the row of the span head.

Its examples have no vector and no class, so it is no :class:`headstart.tasks.base.Task`; ``parts`` is a
:class:`headstart.workflows.text_parts.base.PartTask`, which has stages of its own.
"""

from headstart.registry import Row

ANSWERS = Row(
    "answers",
    parts="headstart.workflows.text_parts.answers:ANSWERS",
    report="headstart.reporting.sections.parts:PartsReport",
)
