"""Budgets: times as they are typed, what is left, and one that is not enough for a trial."""

import pytest

from kerasbook.training import budget
from kerasbook.training.budget import Budget, duration_text, parse_budget


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("90s", 90),
        ("20", 20),
        ("7.5", 7.5),
        ("20m", 1200),
        ("1h30m", 5400),
        ("0.5m", 30),
        (45, 45),
        (0.25, 0.25),
    ],
)
def test_times_as_they_are_typed(value, seconds):
    assert parse_budget(value) == seconds


@pytest.mark.parametrize(
    "value", ["", "-20", "20 m", "m", "20x", "x20m", "20m!", "0s", 0, -5, float("nan"), True, None]
)
def test_what_is_no_time(value):
    with pytest.raises(ValueError, match="`budget` must be a time above 0, such as 90s") as error:
        parse_budget(value)
    assert f"budget={value!r}" in str(error.value)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(9.4, "9 s"), (59.6, "1 min 00 s"), (127, "2 min 07 s"), (3900, "1 h 05 min")],
)
def test_times_in_words(seconds, text):
    assert duration_text(seconds) == text


@pytest.fixture
def now(monkeypatch):
    """A clock that a test moves."""
    hands = [100.0]
    monkeypatch.setattr(budget.time, "perf_counter", lambda: hands[0])
    return hands


def test_counts_over_sittings(now):
    clock = Budget(60, before=20)
    now[0] += 15
    assert clock.elapsed == 35
    assert clock.left == 25
    assert Budget(None).left is None
    assert Budget(None).allows_another()


def test_a_trial_that_would_not_end_in_time_is_not_begun(now):
    clock = Budget(60)
    assert clock.allows_another()  # nothing is known yet
    now[0] += 31
    clock.count(31)
    assert not clock.allows_another()
    now[0] += 1
    clock.count(1)  # what the first took beyond this was tracing
    assert clock.allows_another()
    for seconds in (2, 3, 4, 5, 6):
        clock.count(seconds)  # the last five: 4 in the middle
    now[0] = 100 + 56
    assert clock.allows_another()
    now[0] += 0.1
    assert not clock.allows_another()


def epochs(clock, now, seconds):
    for number, each in enumerate(seconds):
        clock.on_epoch_begin(number)
        now[0] += each
        clock.on_epoch_end(number)


def test_a_budget_below_one_trial_is_refused_as_soon_as_it_is_known(now):
    clock = Budget(60, epochs=10)
    epochs(clock, now, [9])  # may be tracing
    with pytest.raises(ValueError, match="takes about 1 min 31 s. Received: budget=60 s"):
        epochs(clock, now, [9.1])  # 18.1 so far, 8 more of 9.1
    with pytest.raises(ValueError, match="one trial at least, which takes more than 7 s.*5 s"):
        epochs(Budget(5, epochs=10), now, [7])
    with pytest.raises(ValueError, match="takes about 7 s"):
        epochs(Budget(5, epochs=1), now, [7])
    epochs(Budget(100, epochs=10), now, [9] * 10)
    epochs(Budget(None, epochs=10), now, [9] * 10)


def test_what_the_first_trial_took_to_compile_is_not_expected_again(now):
    clock = Budget(100, epochs=3)
    epochs(clock, now, [60, 2, 3])
    clock.count(65)
    now[0] = 100 + 90.9
    assert clock.allows_another()  # three epochs of 3
    now[0] += 0.2
    assert not clock.allows_another()


def test_with_a_result_the_budget_was_enough(now):
    clock = Budget(60, epochs=2)
    epochs(clock, now, [20, 20])
    clock.count(40)
    epochs(clock, now, [20, 20, 20])
    epochs(Budget(60, before=50, earlier=[25, 25], epochs=2), now, [20, 20])


def test_earlier_sittings_without_a_result(now):
    clock = Budget(60, before=30, epochs=10)  # seven of these epochs may be done
    epochs(clock, now, [9, 9, 9])
    with pytest.raises(ValueError, match="takes more than 1 min 06 s"):
        epochs(clock, now, [9])


def test_what_trials_took_in_earlier_sittings_is_expected_again(now):
    clock = Budget(100, before=60, earlier=[9, 30, 40, 31])
    assert clock.allows_another()
    now[0] += 10
    assert not clock.allows_another()  # 30.5 in the middle
