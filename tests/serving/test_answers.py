"""What a well-meant request gets."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.serving.auth import AccessRules
from visitors import FakeModel, error_of, png


def test_a_picture_gets_its_label_its_probability_and_the_other_classes(server):
    answer = server.predict(png("red"), name="rose.png")
    assert answer.status_code == 200
    (entry,) = answer.json()["predictions"]
    assert (entry["name"], entry["label"], entry["probability"]) == ("rose.png", "red & <script>", 1.0)
    assert [choice["probability"] for choice in entry["top"]] == [1.0, 0.0]


def test_several_pictures_are_answered_in_the_order_they_were_sent(server):
    answer = server.predict(png("red"), png("blue"), png((200, 0, 0)))
    assert [entry["probability"] for entry in answer.json()["predictions"]] == [1.0, 1.0, 0.784]
    assert [entry["label"][0] for entry in answer.json()["predictions"]] == ["r", "<", "r"]


def test_one_bad_picture_does_not_hide_the_others(server):
    good, bad = server.predict(png(), b"no picture").json()["predictions"]
    assert good["label"] == "red & <script>"
    assert (bad["name"], bad["error"]["code"]) == ("a.png", "not_a_picture")


def test_health_model_and_metrics_are_there(server):
    assert server.client.get("/health").json() == {"status": "ok", "model": True, "version": "1.2.3"}
    assert server.client.get("/model").json()["digests"] == {"model": "0" * 64}
    server.predict(png(), png())
    numbers = server.client.get("/metrics")
    assert numbers.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'headstart_requests_total{method="POST",route="/predict",status="200"} 1.0' in numbers.text
    assert "headstart_pictures_total 2.0" in numbers.text
    assert 'headstart_request_seconds_count{route="/predict"} 1.0' in numbers.text
    assert "headstart_batch_pictures_sum 2.0" in numbers.text
    assert "headstart_waiting_pictures 0.0" in numbers.text


def test_a_server_without_a_model_leads_to_teaching_and_says_so_to_programs(start):
    server = start(model=False)
    page = server.client.get("/", follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, "teach")
    assert error_of(server.predict(png())) == error_of(server.client.get("/model")) == "no_model"
    assert server.client.get("/health").json()["model"] is False


def test_every_answer_has_the_headers_that_keep_browsers_safe(server):
    for answer in (server.client.get("/"), server.client.get("/nowhere"), server.predict(b"x")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert server.client.get("/model").headers["cache-control"] == "no-store"


def test_the_log_is_json_with_numbers_and_neither_names_nor_pictures(server):
    server.predict(png(), name="secret-diagnosis.png")
    server.client.get("/secret-diagnosis")
    assert server.log == [
        {
            "time": "2026-01-01T00:00:00.000+00:00", "event": "request", "number": 1, "method": "POST",
            "route": "/predict", "status": 200, "milliseconds": server.log[0]["milliseconds"],
            "bytes": server.log[0]["bytes"], "pictures": 1,
        },
        {
            "time": "2026-01-01T00:00:00.000+00:00", "event": "request", "number": 2, "method": "GET",
            "route": "none", "status": 404, "milliseconds": server.log[1]["milliseconds"], "bytes": 0, "pictures": 0,
            "code": "not_found",
        },
    ]  # fmt: skip
    assert len(png()) < server.log[0]["bytes"] < len(png()) + 500
    assert "secret" not in json.dumps(server.log)


def test_a_mistake_of_ours_is_a_500_that_tells_the_client_nothing_and_the_server_goes_on(start):
    class Broken:
        task = "classification"

        def answer(self, features):
            raise ZeroDivisionError("/home/anna/model")

    server = start(model=Broken())
    answer = server.predict(png())
    assert (answer.status_code, error_of(answer)) == (500, "mistake")
    assert "anna" not in answer.text and "anna" not in "".join(server.lines)
    assert [line["exception"] for line in server.log if line["event"] == "mistake"] == ["ZeroDivisionError"]
    assert server.client.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/nowhere", "not_found"),
        ("/pages/../app.py", "not_found"),
        ("/pages/..%2fapp.py", "not_found"),
        ("/pages/index.html", "not_found"),
    ],
)
def test_what_is_not_a_page_is_not_there(server, path, code):
    answer = server.client.get(path)
    assert (answer.status_code, error_of(answer)) == (404, code)


def test_another_method_is_refused_with_the_right_one(server):
    answer = server.client.get("/predict")
    assert (answer.status_code, error_of(answer), answer.headers["allow"]) == (405, "wrong_method", "POST")


# --- who may come in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "", "127.0.0.1.evil.example", "localhost.evil"])
def test_a_name_that_is_not_the_servers_is_refused(start, host):
    server = start(entry=AccessRules(("localhost",)))
    answer = server.client.get("/health", headers={"host": host})
    assert (answer.status_code, error_of(answer)) == (421, "wrong_host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:9", "[::1]:9", "192.168.1.7"])
def test_its_own_name_and_addresses_in_figures_are_let_in(start, host):
    assert start(entry=AccessRules(("localhost",))).client.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
                {"origin": "http://testserver:81"}, {"sec-fetch-site": "same-site"}]
)  # fmt: skip
def test_the_page_of_another_site_may_not_send_pictures(server, headers):
    answer = server.client.post("/predict", files={"files": png()}, headers=headers)
    assert (answer.status_code, error_of(answer)) == (403, "foreign_page")


def test_its_own_page_and_programs_may(server):
    for headers in ({}, {"origin": "http://testserver", "sec-fetch-site": "same-origin"}):
        assert server.client.post("/predict", files={"files": png()}, headers=headers).status_code == 200


def test_with_a_token_nobody_asks_the_model_without_it(start):
    server = start(entry=AccessRules(("testserver",), "correct-horse"))
    for given, code in ((None, "no_token"), ("Bearer wrong", "wrong_token"), ("Basic correct-horse", "wrong_token"),
                        ("Bearer ünicode", "wrong_token"), ("Bearer", "wrong_token")):  # fmt: skip
        headers = {} if given is None else {"authorization": given.encode()}
        for answer in (server.client.get("/model", headers=headers), server.client.get("/metrics", headers=headers)):
            assert (answer.status_code, error_of(answer)) == (401, code)
            assert answer.headers["www-authenticate"] == "Bearer"
    assert server.client.get("/model", headers={"authorization": "Bearer correct-horse"}).status_code == 200
    for path in ("/", "/health", "/docs", "/teach", "/pages/style.css"):
        assert server.client.get(path).status_code == 200


# --- why ------------------------------------------------------------------------------------------------------------


def test_one_picture_is_explained_at_a_time(server):
    answer = server.predict(png(), path="/explain")
    assert answer.status_code == 200
    assert answer.json()["heat_map"].startswith("data:image/png;base64,")
    assert error_of(server.predict(png(), png(), path="/explain")) == "too_many_files"
    assert error_of(server.predict(b"nothing", path="/explain")) == "not_a_picture"
    assert error_of(server.predict(png(size=(200, 200)), path="/explain")) == "too_many_pixels"


def test_a_model_that_cannot_say_why_says_that(start):
    class Silent(FakeModel):
        def explain(self, picture):
            return None

    answer = start(model=Silent()).predict(png(), path="/explain")
    assert (answer.status_code, error_of(answer)) == (409, "cannot_explain")


def test_the_reasons_of_a_real_model_fit_its_picture_and_show_only_unchanged_files(lite0, flowers, tmp_path):
    import shutil

    from headstart.api.models import fit
    from headstart.serving.explanations.image import explain_for_page
    from headstart.workflows.model import to_explained_model

    copy = shutil.copytree(flowers, tmp_path / "flowers")
    model = fit(copy, head="ridge")
    picture = Image.open(flowers / "rose" / "0.jpg").convert("RGB").resize((300, 120))
    found = explain_for_page(to_explained_model(model), picture, (Path(),))
    heat = Image.open(io.BytesIO(base64.b64decode(found["heat_map"].partition(",")[2])))
    assert (heat.mode, heat.size) == ("RGBA", (640, 256))
    assert (found["method"], found["exact"], found["target"] in model.classes) == ("cam", True, True)
    alpha = np.asarray(heat)[:, :, 3]
    assert alpha.max() > 200 and set(alpha[:, 0]) == {110}  # the sides were cut off before the network saw it
    near = found["neighbours"]
    assert len(near) == 6 and all("/" not in one["name"] and one["picture"] for one in near)
    assert [one["distance"] for one in near] == sorted(one["distance"] for one in near)
    for file in copy.rglob("*.jpg"):
        file.write_bytes(file.read_bytes() + b"x")  # one byte more: another file
    changed = explain_for_page(to_explained_model(model), picture, (Path(),))["neighbours"]
    assert [one["name"] for one in changed] == [one["name"] for one in near]
    assert [one["picture"] for one in changed] == [None] * 6


def test_a_head_without_an_exact_map_still_names_its_neighbours(lite0, flowers):
    from headstart.api.models import fit
    from headstart.serving.explanations.image import explain_for_page
    from headstart.workflows.model import to_explained_model

    found = explain_for_page(to_explained_model(fit(flowers, head="knn")), Image.new("RGB", (60, 60), "red"), ())
    assert len(found["neighbours"]) == 6
    assert found["heat_map"] is None or found["exact"] is False
