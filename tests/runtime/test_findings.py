"""Findings are values: written as plain data and read again, they say the same."""

import json

import pytest

from headstart.runtime.catalogue import LANGUAGES, texts_in
from headstart.runtime.findings import Finding

INNER = Finding("data.outside", {"count": 2})


@pytest.mark.parametrize("value", [INNER, [INNER, INNER], ["a", "b"], 3, "rose"], ids=type)
def test_a_finding_that_was_written_says_the_same_when_it_is_read(value):
    said = Finding("encoders.unreadable_weights.reason", {"error": value})
    again = Finding.from_json(json.loads(json.dumps(said.to_json())))
    assert again == said
    for language in LANGUAGES:
        assert again.render(texts_in(language)) == said.render(texts_in(language))
