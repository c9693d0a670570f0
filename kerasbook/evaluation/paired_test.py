"""McNemar's exact test: do two classifiers differ on the same examples?"""

from typing import NamedTuple

import numpy as np


class McNemar(NamedTuple):
    """The outcomes of two classifiers on the same examples.

    Attributes:
        both: Number of examples that both have right.
        first_only: Number that the first alone has right.
        second_only: Number that the second alone has right.
        neither: Number that both have wrong.
        p_value: Probability of a difference at least as great, if both were equally good.
    """

    both: int
    first_only: int
    second_only: int
    neither: int
    p_value: float


def mc_nemar(first, second):
    """Tests whether two classifiers are equally accurate, from their answers to the same examples.

    Only the `n` examples count on which one is right and the other wrong. If both are equally
    good, each of these is as likely the first's as the second's, so that the smaller number `m`
    of the two has the probability `2 * sum(C(n, k) / 2^n for k <= m)` of being so small, 1 at
    most. That is the exact two-sided test, in integers; it needs no minimum of examples.

    Args:
        first: Whether each answer of the first classifier is right, `(count,)` of booleans or of
            0 and 1.
        second: The same of the second, for the same examples in the same order.

    Returns:
        The `McNemar`: the four counts and the `p_value`.

    Raises:
        ValueError: If the two are not vectors of 0 and 1 of one length.

    Example:
        >>> first = np.array([1] * 10 + [0] * 2)
        >>> second = np.array([1] * 4 + [0] * 6 + [1, 0])
        >>> kerasbook.evaluation.mc_nemar(first, second)
        McNemar(both=4, first_only=6, second_only=1, neither=1, p_value=0.125)

    Reference:
        McNemar, 1947, https://doi.org/10.1007/BF02295996; among the tests of classifiers:
        Dietterich, 1998, https://doi.org/10.1162/089976698300017197
    """
    first, second = np.asarray(first), np.asarray(second)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(
            "`first` and `second` must be vectors of one length. "
            f"Received: shapes {first.shape} and {second.shape}"
        )
    for name, outcomes in (("first", first), ("second", second)):
        if not np.isin(outcomes, (0, 1)).all():
            raise ValueError(f"`{name}` must hold 0 and 1. Received: {np.unique(outcomes)[:5]}")
    first, second = first.astype(bool), second.astype(bool)
    tables = (first & second, first & ~second, second & ~first, ~first & ~second)
    counts = [int(table.sum()) for table in tables]
    return McNemar(*counts, _exact(counts[1], counts[2]))


def _exact(first_only, second_only):
    """Returns the two-sided probability of so uneven a division of fair coins."""
    tosses = first_only + second_only
    ways = term = 1
    for number in range(min(first_only, second_only)):
        term = term * (tosses - number) // (number + 1)
        ways += term
    return min(1.0, 2 * ways / 2**tosses)
