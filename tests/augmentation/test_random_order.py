"""RandomOrder: all children, in all orders equally often, each as one block."""

import collections

import numpy as np
from keras import ops

from kerasbook.augmentation import RandAugment, RandomOperation, RandomOrder, draws


def test_all_orders_are_equally_frequent():
    layer = RandomOrder([RandomOperation(name) for name in ("rotate", "invert", "equalize")])
    drawn = draws.uniform(1, 0, np.arange(6000), layer.num_draws).numpy()
    steps = layer.plan(ops.convert_to_tensor(drawn), layer.state)
    counts = collections.Counter(map(tuple, ops.convert_to_numpy(steps.operation).tolist()))
    assert len(counts) == 6
    assert sum((count - 1000) ** 2 / 1000 for count in counts.values()) < 20.5  # 5 degrees, 0.1 %


def test_the_steps_of_a_child_stay_together(rng):
    children = [RandomOperation("rotate"), RandAugment(2, operations=["invert", "cutout"])]
    layer = RandomOrder(children)
    drawn = rng.uniform(size=(40, layer.num_draws)).astype("float32")
    which = ops.convert_to_numpy(layer.plan(ops.convert_to_tensor(drawn), layer.state).operation)
    turned_first = which[:, 0] == 0
    np.testing.assert_array_equal(turned_first, drawn[:, 0] < drawn[:, 1])
    assert (which[turned_first, 1] == 3).all()
    assert np.isin(which[turned_first, 2:], [1, 2]).all()
    assert (which[~turned_first, 2] == 0).all()
    assert np.isin(which[~turned_first, :2], [1, 2]).all()
