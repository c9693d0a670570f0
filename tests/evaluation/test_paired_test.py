"""McNemar's test: every division of coins counted, and worked examples."""

import itertools

import numpy as np
import pytest

from kerasbook.evaluation import mc_nemar


def outcomes(both, first_only, second_only, neither):
    first = [1] * (both + first_only) + [0] * (second_only + neither)
    second = [1] * both + [0] * first_only + [1] * second_only + [0] * neither
    return np.array(first), np.array(second, bool)


@pytest.mark.parametrize(("first_only", "second_only"), [(0, 5), (3, 6), (4, 4), (8, 1)])
def test_p_value_counts_all_divisions_of_fair_coins(first_only, second_only):
    tosses = first_only + second_only
    uneven = abs(first_only - second_only)
    divisions = [abs(2 * sum(coins) - tosses) for coins in itertools.product((0, 1), repeat=tosses)]
    result = mc_nemar(*outcomes(7, first_only, second_only, 2))
    assert result.p_value == pytest.approx(np.mean(np.array(divisions) >= uneven))
    assert result[:4] == (7, first_only, second_only, 2)


def test_a_textbook_table():
    # Discordant counts 59 and 6: 2 * P(X <= 6), X ~ Binomial(65, 1/2), by summing the tail.
    tail = sum(_ways(65, k) for k in range(7))
    assert mc_nemar(*outcomes(10, 59, 6, 16)).p_value == pytest.approx(2 * tail / 2**65, rel=1e-12)


def _ways(n, k):
    row = [1]
    for _ in range(n):
        row = [a + b for a, b in zip([0, *row], [*row, 0], strict=True)]
    return row[k]


def test_equal_classifiers_and_large_counts():
    assert mc_nemar(*outcomes(3, 0, 0, 1)).p_value == 1
    # Far beyond the range of a float's powers of two; near the normal approximation.
    p_value = mc_nemar(*outcomes(0, 2600, 2500, 0)).p_value
    assert p_value == pytest.approx(0.1657, abs=2e-4)  # 2 * (1 - Phi(99 / sqrt(5100)))


def test_bad_input():
    with pytest.raises(ValueError, match=r"vectors of one length. Received: shapes \(2,\) and"):
        mc_nemar([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="`second` must hold 0 and 1"):
        mc_nemar([0, 1], [0, 2])
