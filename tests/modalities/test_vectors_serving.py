"""A server for a model of rows: tables come in, one answer a row goes out."""

import pytest
from sklearn.datasets import load_wine
from starlette.testclient import TestClient

from headstart.errors import RecipeError
from served import application

WINE = load_wine()
COLUMNS = (*WINE.feature_names, "colour <b>")
HEADER = ",".join(COLUMNS)
ROWS = [",".join((*map(str, row), ("red", "white")[number % 2])) for number, row in enumerate(WINE.data)]


@pytest.fixture(scope="module")
def visitor(wine):
    with application(wine) as app, TestClient(app) as client:
        yield client


def send(visitor, name: str, content: str) -> tuple[int, dict]:
    answer = visitor.post("/predict", files={"files": (name, content.encode())})
    return answer.status_code, answer.json()


def test_each_row_of_a_table_has_an_answer(visitor):
    status, answer = send(visitor, "new.csv", "\n".join([HEADER, *ROWS[:3], ROWS[-1]]) + "\n")
    assert status == 200
    assert [one["label"] for one in answer["predictions"]] == [*["cultivar 0"] * 3, "cultivar 2"]
    assert answer["predictions"][3]["name"] == "new.csv #3"


def test_what_is_no_table_of_the_models_columns_is_refused_by_name(visitor):
    for name, content, code in (
        ("new.png", "x", "not_a_table"),
        ("new.csv", "name\nx\n", "damaged"),
        ("new.csv", "alcohol,other\n1,2\n", "damaged"),
    ):
        status, answer = send(visitor, name, content)
        problems = answer["error"] if "error" in answer else answer["predictions"][0]["error"]
        assert problems["code"] == code, (name, status, answer)


def test_the_page_is_a_form_for_the_models_columns(visitor):
    assert "input_vectors.js" in visitor.get("/").text
    assert visitor.get("/pages/input_vectors.js").status_code == 200
    assert visitor.get("/model").json()["inputs"]["names"] == list(WINE.feature_names)
    assert visitor.get("/teach").status_code == 404


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_no_page_leads_to_one_that_rows_do_not_have(path, visitor):
    assert "/teach" not in visitor.get(path).text and visitor.get("/teach").status_code == 404


def test_a_model_of_rows_says_that_it_cannot_explain(wine, tmp_path):
    with pytest.raises(RecipeError, match="cannot be explained"):
        wine.explain(tmp_path / "new.csv")
