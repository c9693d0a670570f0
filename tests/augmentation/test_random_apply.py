"""RandomApply: all of the children, or none."""

import numpy as np
import pytest
from keras import ops

from kerasbook.augmentation import RandomApply, RandomOperation, draws

CHILDREN = ("rotate", "invert")


def test_all_or_none_with_the_rate():
    layer = RandomApply([RandomOperation(name) for name in CHILDREN], rate=0.3)
    drawn = draws.uniform(1, 0, np.arange(10_000), layer.num_draws).numpy()
    steps = layer.plan(ops.convert_to_tensor(drawn), layer.state)
    which = ops.convert_to_numpy(steps.operation)
    taken = (which == [0, 1]).all(axis=1)
    assert (taken | (which == 2).all(axis=1)).all()
    assert abs(taken.mean() - 0.3) < 5 * np.sqrt(0.3 * 0.7 / 10_000)


def test_a_rate_is_a_probability():
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\]. Received: rate=-1"):
        RandomApply([RandomOperation("invert")], rate=-1)
