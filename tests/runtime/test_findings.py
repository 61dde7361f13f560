"""Findings are values: written as plain data and read again, they say the same."""

import json

import pytest

from headstart.errors import DataError
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


def test_long_values_are_shortened_in_an_error_and_in_what_led_to_it():
    error = DataError("data.does_not_exist", path="x" * 9000, reason="", hint="")
    error.findings = (Finding("data.left_out", {"count": 1, "names": ["y" * 9000]}),)
    assert len(str(error)) < 1500
    assert error.values["path"] == "x" * 9000  # for programs it is whole
