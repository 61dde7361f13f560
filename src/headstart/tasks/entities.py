"""Named entities in a text: the row of the token head.

Its examples have no vector and no class, so it is no :class:`headstart.tasks.base.Task`; ``parts`` is a
:class:`headstart.workflows.text_parts.base.PartTask`, which has stages of its own.
"""

from headstart.registry import Row

ENTITIES = Row(
    "entities",
    parts="headstart.workflows.text_parts.entities:ENTITIES",
    report="headstart.reporting.sections.parts:PartsReport",
)
