"""Requests that a machine makes up from the OpenAPI description: whatever they hold, the server keeps its promise."""

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from visitors import png

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
FEW = settings(
    max_examples=15,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)


def test_no_request_that_fits_or_breaks_the_description_gets_a_5xx(server):
    schema = schemathesis.openapi.from_asgi("/openapi.json", server.client.app)
    statuses = []
    for result in schema.get_all_operations():

        @FEW
        @given(case=result.ok().as_strategy())
        def ask(case):
            statuses.append(case.call_and_validate(checks=CHECKS).status_code)

        ask()
    assert len(statuses) > 20 and 200 in statuses and max(statuses) < 500
    assert server.predict(png()).status_code == 200
