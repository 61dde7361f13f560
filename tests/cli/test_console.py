"""How far a step is, said on standard error where there is no terminal."""

import pytest

from headstart.cli.console import Steps


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def hear(clock, capsys):
    """Let a step say how far it is at a time; give what is printed."""
    steps = Steps(clock)

    def tell(now: float, done: int, total: int, step: str = "encoding") -> str:
        clock.now = now
        steps(step, done, total)
        return capsys.readouterr().err

    return tell


def test_nothing_is_said_of_a_short_step_and_little_of_a_long_one(hear):
    assert [hear(second, second, 30) for second in range(3)] == ["", "", "encoding: 2 of 30, about 28 s left\n"]
    assert [second for second in range(3, 30) if hear(second, second, 30)] == [12, 22]


def test_the_time_left_leaves_out_the_start_and_waits_until_enough_was_seen(hear):
    assert hear(100, 8, 128) == ""  # the first part, with everything that had to be loaded for it
    assert hear(102, 16, 128) == "encoding: 16 of 128\n"
    assert hear(112, 56, 128) == "encoding: 56 of 128, about 18 s left\n"


def test_a_step_that_begins_anew_has_a_time_of_its_own(hear):
    for second in range(5):
        hear(second, 32 * second, 128)
    assert hear(300, 8, 128) == ""  # an hour of training lay between: it says nothing about encoding
    assert hear(301, 16, 128) == ""
    assert hear(302, 24, 128) == "encoding: 24 of 128, about 13 s left\n"
    assert hear(303, 8, 719) == ""  # another set
    assert hear(305, 16, 719) == "encoding: 16 of 719\n"


def test_a_finished_step_has_no_time_left(hear):
    assert [hear(second, second, 3) for second in range(4)][2:] == ["encoding: 2 of 3, about 1 s left\n", ""]
    assert hear(20, 3, 3) == "encoding: 3 of 3\n"


def test_steps_do_not_disturb_each_other(hear):
    hear(0, 0, 10)
    hear(3, 0, 100, "Training")
    assert hear(4, 5, 10) == "encoding: 5 of 10\n"
    assert hear(6, 1, 100, "Training") == "Training: 1 of 100\n"
