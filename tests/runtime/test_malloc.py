"""Memory that stays with the process while it trains."""

import sys

import pytest

from headstart.runtime import malloc as memory
from headstart.runtime.malloc import MMAP_MAX, TRIM_THRESHOLD, USUAL_MMAPS, USUAL_TRIM, retained_memory


class FakeLibrary:
    def __init__(self):
        self.calls = []

    def mallopt(self, parameter, value):
        self.calls.append((parameter, value))

    def malloc_trim(self, padding):
        self.calls.append("trim")


def test_memory_is_kept_inside_the_block_and_given_back_after_it_even_after_an_error(monkeypatch):
    library = FakeLibrary()
    monkeypatch.setattr(memory, "_glibc", lambda: library)
    with pytest.raises(KeyboardInterrupt), retained_memory():
        assert library.calls == [(MMAP_MAX, 0), (TRIM_THRESHOLD, 2**31 - 1)]
        raise KeyboardInterrupt
    assert library.calls[2:] == [(MMAP_MAX, USUAL_MMAPS), (TRIM_THRESHOLD, USUAL_TRIM), "trim"]


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_are_left_alone(monkeypatch, platform):
    monkeypatch.setattr(sys, "platform", platform)
    with retained_memory():
        assert memory._glibc() is None


def test_a_linux_without_glibc_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    with retained_memory():
        assert memory._glibc() is None
