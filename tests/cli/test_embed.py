"""``headstart embed``: one row per picture, in a table."""

import csv
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import headstart as hs
from pictures import damage_pixels


def test_parquet_has_path_sha256_label_and_vector(headstart, flowers):
    answer = headstart("embed", flowers, "--out", "flowers.parquet", "--json")
    found = json.loads(answer.stdout)
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert (found["count"], found["dimension"], found["computed"], found["cached"]) == (36, 48, 36, 0)
    assert found["seconds"] > 0
    assert found["images_per_second"] == pytest.approx(36 / found["seconds"], rel=0.1)
    table = pq.read_table("flowers.parquet")
    assert table.column_names == ["path", "sha256", "label", "vector"]
    rows = table.to_pylist()
    for row in rows:
        assert row["sha256"] == hashlib.sha256((flowers / row["path"]).read_bytes()).hexdigest()
        assert row["label"] == row["path"].split("/")[0]
    assert np.array_equal(np.array([row["vector"] for row in rows], dtype=np.float32), hs.embed(flowers).matrix)


def test_the_second_time_nothing_is_computed(headstart, fake_network, flowers):
    for _ in range(2):
        Path("flowers.csv").unlink(missing_ok=True)
        answer = headstart("embed", flowers, "--out", "flowers.csv")
    assert sum(fake_network.seen) == 36
    first, second = answer.stdout.splitlines()
    assert first.startswith("36 pictures, 48 numbers each by fake: 0 computed, 36 from the store, ")
    assert second == "Written: flowers.csv"
    with Path("flowers.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) == 37


def test_labels_are_optional(headstart, flowers):
    assert headstart("embed", flowers / "rose", "--out", "rose.parquet").exit_code == 0
    assert pq.read_table("rose.parquet").column("label").null_count == 12


def test_unreadable_pictures_are_named_and_have_no_row(headstart, flowers, tmp_path):
    shutil.copytree(flowers, tmp_path / "data")
    (tmp_path / "data" / "rose" / "0.jpg").write_bytes(b"")
    answer = headstart("embed", tmp_path / "data", "--out", "data.parquet")
    assert answer.stdout.splitlines()[0] == ("Left out, unreadable: rose/0.jpg (The file is empty: it has 0 bytes.)")
    assert pq.read_table("data.parquet").num_rows == 35


def test_strict_refuses_unreadable_pictures_and_leaves_no_table(headstart, flowers, tmp_path):
    shutil.copytree(flowers, tmp_path / "data")
    damage_pixels(tmp_path / "data" / "rose" / "damaged.tiff")
    assert headstart("embed", tmp_path / "data", "--out", "data.parquet").exit_code == 0
    Path("data.parquet").unlink()
    answer = headstart("embed", tmp_path / "data", "--out", "data.parquet", "--strict")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith("Error: 1 picture cannot be read. 'rose/damaged.tiff': It is damaged")
    assert list(Path.cwd().iterdir()) == []


def test_an_unknown_kind_of_table_is_refused_before_anything_is_computed(headstart, fake_network, flowers):
    answer = headstart("embed", flowers, "--out", "flowers.parket")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == (
        "Error: The format of the table 'flowers.parket' is not known. The name must end in .parquet or .csv. "
        "Did you mean 'flowers.parquet'?\n"
    )
    assert fake_network.seen == []


def test_a_table_that_is_there_is_not_overwritten(headstart, fake_network, flowers):
    Path("mine.csv").write_text("mine", encoding="utf-8")
    answer = headstart("embed", flowers, "--out", "mine.csv")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == "Error: 'mine.csv' is there already. Nothing is ever overwritten. Name a new file.\n"
    assert (Path("mine.csv").read_text(encoding="utf-8"), fake_network.seen) == ("mine", [])
