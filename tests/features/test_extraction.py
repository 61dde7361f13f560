import errno
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import FAKE_SPEC, FakeEncoder
from features.pictures import OTHER_SPEC, PLAN, Opener, make_examples, make_keys, run, truth
from headstart.data.example import Example
from headstart.data.readers.base import NO_KEY
from headstart.errors import EncoderError
from headstart.features import extraction
from headstart.features.extraction import Walk
from headstart.features.store import FeatureStore
from headstart.settings.parallelism import ExtractionPlan

TESTS = Path(__file__).parents[1]
UNREADABLE = Example(None, "broken.png", {"label": "a"})


def test_rows_come_in_the_order_of_the_dataset(tmp_path):
    examples = make_examples(30)
    result = run(examples, tmp_path)
    np.testing.assert_array_equal(result.features[0].matrix, truth(examples))
    assert result.features[0].matrix.dtype == np.float32
    assert result.features[0].keys == tuple(make_keys(examples))
    assert (result.computed, result.cached, result.failures) == (30, 0, {})
    assert result.seconds > 0


@pytest.mark.parametrize(("workers", "batch_size"), [(1, 1), (1, 64), (2, 3), (2, 8), (5, 1), (5, 8)])
def test_a_stored_row_is_the_live_row_whatever_the_workers_and_batches(tmp_path, workers, batch_size):
    examples = make_examples(21)
    plan = ExtractionPlan(workers, batch_size, threads_per_worker=1)
    live = run(examples, tmp_path, plan=plan)
    stored = run(examples[::-1], tmp_path)
    np.testing.assert_array_equal(live.features[0].matrix, truth(examples))
    np.testing.assert_array_equal(stored.features[0].matrix, truth(examples)[::-1])
    assert (stored.computed, stored.cached) == (0, 21)


def test_with_everything_stored_nothing_is_opened_and_nothing_encoded(tmp_path):
    examples = make_examples(5)
    run(examples, tmp_path)
    encoder, opener = FakeEncoder(), Opener()
    run(examples, tmp_path, encoders=[encoder], open_example=opener)
    assert (encoder.seen, opener.opened) == ([], [])


def test_copies_of_a_picture_are_opened_and_encoded_once(tmp_path):
    examples = make_examples(3)
    opener, encoder = Opener(), FakeEncoder()
    copies = [examples[n] for n in (0, 1, 0, 0, 2, 1)]
    result = run(copies, tmp_path, encoders=[encoder], open_example=opener)
    assert (len(opener.opened), sum(encoder.seen)) == (3, 3)
    assert (result.computed, result.cached) == (3, 0)
    np.testing.assert_array_equal(result.features[0].matrix, truth(copies))


def test_a_picture_is_opened_once_for_two_encoders(tmp_path):
    examples = make_examples(10)
    opener = Opener()
    result = run(examples, tmp_path, encoders=[FakeEncoder(), FakeEncoder(OTHER_SPEC)], open_example=opener)
    assert len(opener.opened) == 10
    for features in result.features:
        np.testing.assert_array_equal(features.matrix, truth(examples))


def test_only_the_encoder_that_lacks_a_row_encodes(tmp_path):
    examples = make_examples(10)
    run(examples[:6], tmp_path)
    first, second, opener = FakeEncoder(), FakeEncoder(OTHER_SPEC), Opener()
    result = run(examples, tmp_path, encoders=[first, second], open_example=opener)
    assert (sum(first.seen), sum(second.seen), len(opener.opened)) == (4, 10, 10)
    assert (result.computed, result.cached) == (4, 6)


def texts(failures):
    return {position: str(why) for position, why in failures.items()}


def test_an_unreadable_picture_is_named_and_its_row_is_not_a_number(tmp_path):
    examples = make_examples(6)
    examples[2] = examples[5] = UNREADABLE
    good = [0, 1, 3, 4]
    for computed, cached in ((4, 0), (0, 4)):  # it is looked at again every time: nothing about it is stored
        opener = Opener()
        result = run(examples, tmp_path, open_example=opener)
        assert texts(result.failures) == {2: "it is empty", 5: "it is empty"}
        assert np.isnan(result.features[0].matrix[[2, 5]]).all()
        np.testing.assert_array_equal(result.features[0].matrix[good], truth([examples[n] for n in good]))
        assert (result.computed, result.cached) == (computed, cached)
        assert len(opener.opened) == computed + 1


def test_pictures_without_a_key_are_failures_each_with_its_own_reason_and_never_stored(tmp_path):
    examples = [*make_examples(2), UNREADABLE]
    for _ in range(2):
        store = FeatureStore(tmp_path)
        result = Walk(examples, [NO_KEY] * 3, [FakeEncoder()], store, plan=PLAN, open_example=Opener()).extract()
        at_first = "It could not be read at first."
        assert texts(result.failures) == {0: at_first, 1: at_first, 2: "it is empty"}
        assert np.isnan(result.features[0].matrix).all()
        assert (result.computed, result.cached) == (0, 0)
    assert list(tmp_path.iterdir()) == []


def test_a_dataset_without_a_readable_picture_gives_failures_only(tmp_path):
    result = run([UNREADABLE], tmp_path)
    assert (texts(result.failures), result.computed, result.cached) == ({0: "it is empty"}, 0, 0)


@settings(max_examples=60, deadline=None)
@given(
    numbers=st.lists(st.integers(0, 9), max_size=30),
    stored=st.sets(st.integers(0, 8)),
    keeping=st.booleans(),
    plan=st.builds(ExtractionPlan, st.integers(1, 3), st.integers(1, 5), st.just(1)),
)
def test_blocks_put_together_are_the_dataset_whatever_is_stored_repeated_or_unreadable(numbers, stored, keeping, plan):
    pool = [*make_examples(9), UNREADABLE]
    examples = [pool[n] for n in numbers]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(extraction, "BLOCK_ROWS", 4)
        run([pool[n] for n in stored], Path(folder))
        if not keeping:
            patch.setattr("headstart.features.shards.os.fsync", no_space)
        patch.setattr("headstart.features.store.FLUSH_ROWS", 3)
        walk = Walk(
            examples, make_keys(examples), [FakeEncoder()], FeatureStore(folder), plan=plan, open_example=Opener()
        ).stream()
        blocks = list(walk)
    assert [block.start for block in blocks] == list(range(0, len(examples), 4))
    matrix = np.concatenate([np.empty((0, 48)), *(block.matrices[0] for block in blocks)])
    bad = {position: "it is empty" for position, number in enumerate(numbers) if number == 9}
    assert {p: str(r) for block in blocks for p, r in block.failures.items()} == bad
    assert np.isnan(matrix[list(bad)]).all()
    good = [position for position in range(len(examples)) if position not in bad]
    if good:
        np.testing.assert_array_equal(matrix[good], truth([examples[p] for p in good]))
    assert sum(block.cached for block in blocks) == len(set(numbers) & stored)
    assert sum(block.computed for block in blocks) == len(set(numbers) - stored - {9})


def no_space(descriptor):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_does_not_stop_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", no_space)
    store = FeatureStore(tmp_path)
    examples = make_examples(300)
    result = run([*examples, *examples], tmp_path, store=store)
    np.testing.assert_array_equal(result.features[0].matrix, np.tile(truth(examples), (2, 1)))
    assert result.computed == 300
    assert len(store.notices) == 1
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_damaged_shard_is_computed_again(tmp_path):
    examples = make_examples(5)
    run(examples, tmp_path)
    (shard,) = tmp_path.rglob("*.npy")
    shard.write_bytes(shard.read_bytes()[:-1] + b"\x07")
    store = FeatureStore(tmp_path)
    result = run(examples, tmp_path, store=store)
    assert (result.computed, result.cached) == (5, 0)
    np.testing.assert_array_equal(result.features[0].matrix, truth(examples))
    assert len(store.notices) == 1


def test_a_walk_without_a_folder_has_the_same_rows_and_writes_nothing(monkeypatch):
    examples = make_examples(3)
    monkeypatch.setattr("headstart.features.store.write_shard", None)
    for _ in range(2):
        found = run(examples, Path(), store=FeatureStore(None))
        assert found.computed == 3
        np.testing.assert_array_equal(found.features[0].matrix, truth(examples))


def test_progress_is_told_from_the_calling_thread_up_to_the_end(tmp_path):
    told = []

    def progress(step, done, total):
        told.append((step, done, total, threading.get_ident()))

    run(make_examples(10), tmp_path, progress=progress)
    here = threading.get_ident()
    assert told == [("encoding", 4, 10, here), ("encoding", 8, 10, here), ("encoding", 10, 10, here)]


def test_few_pictures_are_shared_out_among_the_workers(tmp_path):
    encoder = FakeEncoder()
    run(make_examples(5), tmp_path, encoders=[encoder], plan=ExtractionPlan(2, 64, 1))
    assert sorted(encoder.seen) == [2, 3]


def test_ctrl_c_keeps_what_is_finished_and_the_next_run_goes_on(tmp_path):
    examples, opener, plan = make_examples(100), Opener(), ExtractionPlan(1, 4, 1)

    def interrupt(step, done, total):
        if done == 12:
            while len(opener.opened) <= 20:  # until two more batches are finished and the next is begun
                time.sleep(0.001)
            raise KeyboardInterrupt

    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        run(examples, tmp_path, plan=plan, open_example=opener, progress=interrupt)
    assert threading.active_count() == threads
    result = run(examples, tmp_path)
    assert 20 < result.cached < 100  # batches that were under way are kept too
    assert result.cached == len(opener.opened)
    assert result.computed + result.cached == 100
    np.testing.assert_array_equal(result.features[0].matrix, truth(examples))


def test_ctrl_c_while_a_batch_is_handed_over_keeps_that_batch_too(tmp_path, monkeypatch):
    class Interrupted(extraction.ThreadPoolExecutor):
        def submit(self, *arguments):
            super().submit(*arguments).result()  # finished, but whoever asked never learns of it
            raise KeyboardInterrupt

    monkeypatch.setattr(extraction, "ThreadPoolExecutor", Interrupted)
    opener = Opener()
    with pytest.raises(KeyboardInterrupt):
        run(make_examples(100), tmp_path, open_example=opener)
    monkeypatch.undo()
    assert run(make_examples(100), tmp_path).cached == len(opener.opened) > 0


def test_ctrl_c_while_a_thread_is_started_keeps_its_batch_although_the_pool_does_not_know_it(tmp_path, monkeypatch):
    class Forgetful(extraction.ThreadPoolExecutor):
        def shutdown(self, wait=True, *, cancel_futures=False):
            super().shutdown(wait=False, cancel_futures=cancel_futures)

    class Interrupting(Opener):
        def __call__(self, source):
            interrupted.set()
            time.sleep(0.05)
            return super().__call__(source)

    class Interrupted(Forgetful):
        def submit(self, *arguments):
            super().submit(*arguments)
            interrupted.wait()
            raise KeyboardInterrupt

    interrupted = threading.Event()
    monkeypatch.setattr(extraction, "ThreadPoolExecutor", Interrupted)
    opener = Interrupting()
    with pytest.raises(KeyboardInterrupt):
        run(make_examples(100), tmp_path, open_example=opener)
    monkeypatch.undo()
    assert run(make_examples(100), tmp_path).cached == len(opener.opened) > 0


def test_a_walk_that_nobody_follows_to_the_end_keeps_what_is_finished(tmp_path, monkeypatch):
    monkeypatch.setattr(extraction, "BLOCK_ROWS", 8)
    examples, opener = make_examples(100), Opener()
    walk = Walk(
        examples, make_keys(examples), [FakeEncoder()], FeatureStore(tmp_path), plan=PLAN, open_example=opener
    ).stream()
    next(walk)
    time.sleep(0.2)  # time enough to encode everything, if it ran far ahead
    walk.close()
    assert len(opener.opened) <= 8 + 4 * 2 * extraction.LOOK_AHEAD
    assert run(examples, tmp_path).cached == len(opener.opened)


def test_a_walk_stopped_by_its_reader_keeps_what_is_finished_while_the_exception_is_still_known(tmp_path, monkeypatch):
    def broken(self, *settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(extraction, "BLOCK_ROWS", 8)
    monkeypatch.setattr(extraction.Walk, "_block", broken)
    with pytest.raises(KeyboardInterrupt) as caught:
        run(make_examples(100), tmp_path)
    monkeypatch.undo()
    assert run(make_examples(100), tmp_path).cached >= 8
    assert caught.tb is not None


def test_rows_that_cannot_be_kept_do_not_fill_the_memory(tmp_path, monkeypatch):
    shelves = []

    class Store(FeatureStore):
        def open(self, spec):
            shelves.append(super().open(spec))
            return shelves[-1]

    monkeypatch.setattr(os, "fsync", no_space)
    examples = make_examples(600)
    examples.append(examples[0])
    keys = make_keys(examples)
    for block in Walk(examples, keys, [FakeEncoder()], Store(tmp_path), plan=PLAN, open_example=Opener()).stream():
        if block.start == 256:
            assert shelves[0].find(keys[:512]).sum() == 1  # the one that comes again


KILLED = """
import os, signal, sys
from pathlib import Path
from features.pictures import Opener, make_examples, run
kill = lambda count: os.kill(os.getpid(), signal.SIGKILL) if count == 700 else None
run(make_examples(1000), Path(sys.argv[1]), open_example=Opener(at=kill))
"""


def test_after_kill_9_the_next_run_goes_on_where_it_stopped(tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(TESTS)}, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    examples, store = make_examples(1000), FeatureStore(tmp_path)
    result = run(examples, tmp_path, store=store)
    assert result.cached == 512  # two shards of 256
    assert result.computed == 488
    np.testing.assert_array_equal(result.features[0].matrix, truth(examples))
    assert store.notices == []


INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from features.pictures import Opener, make_examples, run
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
stop = lambda count: os.kill(os.getpid(), signal.SIGINT) if count == 100 else None
run(make_examples(1000), Path(sys.argv[1]), open_example=Opener(at=stop))
"""


def test_a_real_ctrl_c_keeps_what_is_finished(tmp_path):
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path)]
    stopped = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(TESTS)}, timeout=60, check=False, capture_output=True, text=True
    )
    assert stopped.stderr.rstrip().endswith("KeyboardInterrupt")
    result = run(make_examples(1000), tmp_path)
    assert 0 < result.cached < 1000
    assert result.computed + result.cached == 1000


@dataclass(frozen=True)
class Wrong(FakeEncoder):
    """Gives NaN for its second batch, or vectors that are too long."""

    too_long: bool = False

    def encode(self, batch):
        rows = super().encode(batch)
        if self.too_long:
            return np.repeat(rows, 2, axis=1)
        if len(self.seen) > 1:
            rows[0, 3] = np.nan
        return rows


def test_an_encoder_that_gives_nan_is_an_error_and_its_rows_are_not_stored(tmp_path):
    examples = make_examples(8)
    with pytest.raises(EncoderError) as caught:
        run(examples, tmp_path, encoders=[Wrong()], plan=ExtractionPlan(1, 4, 1))
    assert str(caught.value) == (
        "The encoder 'fake' did not give one finite vector per picture. "
        "Expected finite numbers of shape (4, 48), got numbers of shape (4, 48), 1 of them not finite. "
        "Its weights or its graph are damaged or do not belong together: get the encoder again."
    )
    result = run(examples, tmp_path)
    assert (result.computed, result.cached) == (4, 4)


def test_an_encoder_of_another_dimension_than_it_says_is_an_error(tmp_path):
    with pytest.raises(EncoderError, match=r"shape \(4, 48\), got numbers of shape \(4, 96\), 0 of them not finite"):
        run(make_examples(8), tmp_path, encoders=[Wrong(too_long=True)])


def test_another_dimension_is_another_matrix(tmp_path):
    wide = replace(FAKE_SPEC, name="wide", weights_digest="2" * 64, dimension=96)

    @dataclass(frozen=True)
    class Wide(FakeEncoder):
        def encode(self, batch):
            return np.repeat(super().encode(batch), 2, axis=1)

    result = run(make_examples(3), tmp_path, encoders=[Wide(wide), FakeEncoder()])
    assert [features.matrix.shape for features in result.features] == [(3, 96), (3, 48)]


def test_an_empty_dataset_gives_empty_matrices(tmp_path):
    result = run([], tmp_path)
    assert result.features[0].matrix.shape == (0, 48)
    assert list(Walk([], [], [FakeEncoder()], FeatureStore(tmp_path), plan=PLAN, open_example=Opener()).stream()) == []
