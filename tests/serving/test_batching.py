"""Batches form by themselves: every picture gets its own result, whoever asks beside it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pytest

from fakes import FakeEncoder
from headstart.serving.batching import BATCH, Batcher, BatchItem
from headstart.serving.http_errors import Refusal
from headstart.settings.serving import ServerLimits
from visitors import png

SHADES = [png((shade, 0, 0)) for shade in range(0, 250, 5)]


def shades(features: np.ndarray) -> list[int]:
    return [round(255 * float(row[0])) for row in features]


@dataclass(frozen=True)
class Gated(FakeEncoder):
    """Encodes when the gate is open."""

    gate: threading.Event = field(default_factory=threading.Event)

    def encode(self, batch: np.ndarray) -> np.ndarray:
        self.gate.wait(10)
        return super().encode(batch)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_picture_gets_its_own_result_however_many_ask(workers):
    with Batcher(FakeEncoder(), ServerLimits(), workers) as batcher, ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda content: batcher.submit(content, shades).result(10), SHADES * 4))
    assert found == list(range(0, 250, 5)) * 4


def test_pictures_that_come_while_others_are_worked_on_are_encoded_together():
    encoder, sizes = Gated(), []
    with Batcher(encoder, ServerLimits(), 1, sizes.append) as batcher:
        first = batcher.submit(SHADES[0], shades)
        while batcher.waiting:
            time.sleep(0.001)
        others = [batcher.submit(content, shades) for content in SHADES[1:21]]
        encoder.gate.set()
        assert [future.result(10) for future in (first, *others)] == list(range(0, 105, 5))
    assert sizes == [1, BATCH, BATCH, 4] == encoder.seen


def test_a_cancelled_picture_is_not_even_opened(monkeypatch):
    encoder, opened = Gated(), []
    with Batcher(encoder, ServerLimits(), 1) as batcher:
        busy = batcher.submit(SHADES[0], shades)
        while batcher.waiting:
            time.sleep(0.001)
        left = batcher.submit(SHADES[1], shades)
        assert left.cancel()
        monkeypatch.setattr("headstart.serving.uploads.image.decode", lambda data: opened.append(data))
        encoder.gate.set()
        assert busy.result(10) == 0
    assert opened == []


def test_what_was_handed_in_is_finished_before_it_closes_and_nothing_is_taken_afterwards():
    batcher = Batcher(FakeEncoder(), ServerLimits(), 2)
    futures = [batcher.submit(content, shades) for content in SHADES]
    batcher.close()
    assert [future.result(0) for future in futures] == list(range(0, 250, 5))
    with pytest.raises(Refusal, match="It is stopping"):
        batcher.submit(SHADES[0], shades)


def test_more_than_may_wait_are_refused():
    encoder = Gated()
    with Batcher(encoder, ServerLimits(waiting=2), 1) as batcher:
        first = batcher.submit(SHADES[0], shades)
        while batcher.waiting:
            time.sleep(0.001)
        others = [batcher.submit(content, shades) for content in SHADES[1:3]]
        with pytest.raises(Refusal, match="2 pictures are waiting"):
            batcher.submit(SHADES[3], shades)
        encoder.gate.set()
        assert [future.result(10) for future in (first, *others)] == [0, 5, 10]


def test_an_encoder_that_fails_fails_for_its_batch_alone():
    class Broken(FakeEncoder):
        def encode(self, batch: np.ndarray) -> np.ndarray:
            if batch.max() > 0.9:
                raise ValueError("broken")
            return super().encode(batch)

    with Batcher(Broken(), ServerLimits(), 1) as batcher:
        with pytest.raises(ValueError, match="broken"):
            batcher.submit(png((255, 0, 0)), shades).result(10)
        assert batcher.submit(png((50, 0, 0)), shades).result(10) == 50


def test_what_else_is_wanted_of_a_picture_comes_with_its_result():
    with Batcher(FakeEncoder(), ServerLimits(), 1) as batcher:
        seen = batcher.submit(png((50, 0, 0), (31, 17)), shades, lambda picture: picture.size).result(10)
    assert isinstance(seen, BatchItem)
    assert (seen.result, seen.look) == (50, (31, 17))
