"""The base of RandAugment's relatives: draws of a step, steps not taken."""

import numpy as np
from keras import ops

from kerasbook.augmentation.random_operations import RandomOperations


class Two(RandomOperations):
    num_steps = 2
    rate = 0.5

    def strengths(self, uniform):
        return uniform


def test_a_step_by_hand():
    layer = Two(operations=["rotate", "cutout", "brightness"])
    # operation, side, level, coin, and the two chances of cutout
    drawn = [
        [0.1, 0.4, 0.5, 0.1, 0.7, 0.8, 0.9, 0.9, 0.5, 0.4, 0.1, 0.2],
        [0.5, 0.4, 0.5, 0.6, 0.3, 0.4, 0.9, 0.1, 0.0, 0.1, 0.5, 0.6],
    ]
    assert layer.num_draws == 12
    steps = layer.plan(ops.convert_to_tensor(np.array(drawn, "float32")), layer.state)
    which, magnitude, chance = (ops.convert_to_numpy(part) for part in steps)
    np.testing.assert_array_equal(which, [[0, 2], [3, 2]])
    expected = [[-15, 1.45], [30 / 331, 1]]
    np.testing.assert_allclose(magnitude, expected, rtol=1e-6)
    np.testing.assert_allclose(chance[0], [[0.7, 0.8], [0.1, 0.2]], rtol=1e-6)


def test_strength_scales_levels():
    layer = Two(operations=["rotate"])
    layer.set_strength(0.5)
    drawn = np.array([[0.1, 0.9, 0.8, 0, 0.1, 0.9, 0.4, 0]], "float32")
    steps = layer.plan(ops.convert_to_tensor(drawn), layer.state)
    np.testing.assert_allclose(ops.convert_to_numpy(steps.magnitude), [[12, 6]], rtol=1e-6)
