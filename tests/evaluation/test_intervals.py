"""The interval of an accuracy: a bootstrap that is really drawn, and exact tails."""

import math

import numpy as np
import pytest

from kerasbook.evaluation import accuracy_interval


@pytest.mark.parametrize(
    ("right", "total", "level"), [(347, 357, 0.95), (30, 41, 0.8), (3, 9, 0.5)]
)
def test_equals_a_bootstrap_of_many_draws(right, total, level, rng):
    outcomes = np.arange(total) < right
    draws = outcomes[rng.integers(0, total, (20_000, total))].mean(1)
    drawn = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    # A quantile of 20,000 draws may lie one example off.
    np.testing.assert_allclose(accuracy_interval(outcomes, level=level), drawn, atol=1.01 / total)
    np.testing.assert_allclose(
        np.mean(accuracy_interval(right, total, level=level)), drawn.mean(), atol=0.51 / total
    )


def test_bounds_are_the_binomial_quantiles():
    right, total, level = 18, 25, 0.9
    share = right / total
    chances = [
        math.comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(total + 1)
    ]
    low, high = (round(total * bound) for bound in accuracy_interval(right, total, level=level))
    for bound, tail in ((low, 0.05), (high, 0.95)):
        assert sum(chances[:bound]) < tail <= sum(chances[: bound + 1])


@pytest.mark.parametrize("total", [1, 40])
def test_all_right_or_all_wrong_is_not_certain(total):
    low, high = accuracy_interval(total, total)
    assert high == 1
    assert low**total == pytest.approx(0.025)
    assert accuracy_interval(np.zeros(total)) == (0, pytest.approx(1 - low))


def test_holds_the_accuracy_and_narrows_with_the_number():
    widths = []
    for total in (10, 1000, 1_000_000):
        low, high = accuracy_interval(total * 9 // 10, total)
        assert low < 0.9 < high
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == pytest.approx(2 * 1.959964 * math.sqrt(0.9 * 0.1 / 1e6), rel=1e-2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5, 4), r"`right` must be an integer in \[0, 4\]. Received: right=5"),
        ((1.5, 4), "`right` must be an integer"),
        ((0, 0), "`total` must be an integer of at least 1. Received: total=0"),
        (([0, 2],), "`right` must be a vector of 0 and 1"),
        ((3,), "`right` must be a vector of 0 and 1"),
        (([],), "`total` must be"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        accuracy_interval(*arguments)


def test_bad_level():
    with pytest.raises(ValueError, match=r"`level` must be in \(0, 1\). Received: level=95"):
        accuracy_interval(1, 2, level=95)
