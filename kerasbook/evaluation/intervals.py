"""The bootstrap's confidence interval of an accuracy, without drawing a sample."""

import numpy as np


def accuracy_interval(right, total=None, *, level=0.95):
    """Returns the percentile bootstrap's confidence interval of an accuracy.

    A bootstrap draws `total` of the examples with replacement, many times, and takes quantiles of
    the accuracies. With outcomes of 0 and 1 the number of right ones in such a draw has the
    binomial distribution of `total` trials with probability `right / total`; so its quantiles
    are what the bootstrap gives with infinitely many draws, and nothing has to be drawn.

    Where all are right, or none, every draw is the same and the bootstrap's interval has no
    width, which would promise too much. There it ends where so extreme an outcome has the
    probability `(1 - level) / 2` (Clopper and Pearson): at `((1 - level) / 2)^(1 / total)`, or at
    1 minus that.

    The interval speaks of the choice of the test examples alone, not of the seeds of a training.

    Args:
        right: Number of examples that were classified rightly, in [0, `total`]; or, without
            `total`, the outcomes, an array `(total,)` of 0 and 1 or of booleans.
        total: Number of examples, at least 1.
        level: Probability that the interval is meant to have, in (0, 1).

    Returns:
        Pair of the lower and the upper bound, in [0, 1].

    Raises:
        ValueError: If there is no example, or an argument is out of its range.

    Example:
        >>> low, high = kerasbook.evaluation.accuracy_interval(347, 357)
        >>> print(f"{347 / 357:.1%}, 95 % interval {low:.1%} to {high:.1%}")
        97.2%, 95 % interval 95.2% to 98.9%

    Reference:
        Efron and Tibshirani, 1993, An Introduction to the Bootstrap, sections 13.3 and 5.5; for
        the extremes Clopper and Pearson, 1934, https://doi.org/10.1093/biomet/26.4.404
    """
    if total is None:
        outcomes = np.asarray(right)
        if outcomes.ndim != 1 or not np.isin(outcomes, (0, 1)).all():
            raise ValueError(
                "`right` must be a vector of 0 and 1 where `total` is not given. "
                f"Received: right of shape {outcomes.shape} and type {outcomes.dtype}"
            )
        right, total = int(outcomes.sum()), len(outcomes)
    if total < 1 or total != int(total):
        raise ValueError(f"`total` must be an integer of at least 1. Received: total={total}")
    if not 0 <= right <= total or right != int(right):
        raise ValueError(f"`right` must be an integer in [0, {total}]. Received: right={right}")
    if not 0 < level < 1:
        raise ValueError(f"`level` must be in (0, 1). Received: level={level}")
    tail = (1 - level) / 2
    if right in (0, total):
        end = tail ** (1 / total)
        return (0.0, 1 - end) if right == 0 else (end, 1.0)
    lower, upper = np.searchsorted(_cumulative(right / total, int(total)), (tail, 1 - tail))
    return float(lower / total), float(upper / total)


def _cumulative(share, total):
    """Returns the binomial distribution function at 0 to `total`."""
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, total + 1)))])
    number = np.arange(total + 1)
    logarithms = factorials[-1] - factorials - factorials[::-1]
    logarithms += number * np.log(share) + (total - number) * np.log1p(-share)
    cumulative = np.cumsum(np.exp(logarithms))
    return cumulative / cumulative[-1]
