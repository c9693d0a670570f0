"""RandomChoice: one child for each image, by the probabilities."""

import numpy as np
import pytest
from keras import ops

from kerasbook.augmentation import RandAugment, RandomChoice, RandomOperation, draws

CHILDREN = ("rotate", "invert", "equalize")


@pytest.mark.parametrize("probabilities", [None, [0.2, 0.5, 0.3], [0.0, 0.75, 0.25]])
def test_one_child_by_the_probabilities(probabilities):
    layer = RandomChoice([RandomOperation(name) for name in CHILDREN], probabilities)
    drawn = draws.uniform(1, 0, np.arange(10_000), layer.num_draws).numpy()
    steps = layer.plan(ops.convert_to_tensor(drawn), layer.state)
    counts = np.bincount(ops.convert_to_numpy(steps.operation)[:, 0], minlength=4)
    expected = np.array([*(probabilities or [1 / 3] * 3), 0]) * 10_000
    assert (counts[expected == 0] == 0).all()
    possible = expected > 0
    found, expected = counts[possible], expected[possible]
    assert ((found - expected) ** 2 / expected).sum() < 13.9  # 2 degrees, 0.1 %


def test_the_plan_of_the_child_and_nothing_after_it(rng):
    first, second = RandomOperation("rotate"), RandAugment(3, operations=["invert", "cutout"])
    layer = RandomChoice([first, second])
    drawn = rng.uniform(size=(9, layer.num_draws)).astype("float32")
    found = layer.plan(ops.convert_to_tensor(drawn), layer.state)
    alone = second.plan(ops.convert_to_tensor(drawn[:, 1 + first.num_draws :]), second.state)
    which = ops.convert_to_numpy(found.operation)
    is_second = drawn[:, 0] >= 0.5
    assert 0 < is_second.sum() < 9
    np.testing.assert_array_equal(which[~is_second], [[0, 3, 3]] * (~is_second).sum())
    np.testing.assert_array_equal(
        which[is_second], ops.convert_to_numpy(alone.operation)[is_second] + 1
    )
    np.testing.assert_array_equal(
        ops.convert_to_numpy(found.chance)[is_second],
        ops.convert_to_numpy(alone.chance)[is_second],
    )


@pytest.mark.parametrize("probabilities", [[1.0], [0.5, 0.6], [1.5, -0.5]])
def test_wrong_probabilities(probabilities):
    children = [RandomOperation("rotate"), RandomOperation("invert")]
    with pytest.raises(ValueError, match="`probabilities` must be"):
        RandomChoice(children, probabilities)
