"""What tests of operations share: one operation on a batch, compiled as in use."""

import numpy as np
import pytest
from keras import ops

from kerasbook.augmentation import program
from kerasbook.ops import compiled


@pytest.fixture(scope="session")
def run_operation():
    """A function that runs one operation on images, with magnitudes and chances for each."""

    def run(name, images, magnitude=0.0, chance=None, fill_value=0.0):
        count = len(images)
        chance = np.zeros((count, 8)) if chance is None else np.broadcast_to(chance, (count, 8))
        magnitude = np.broadcast_to(magnitude, (count,)).astype("float32")

        def change(images, magnitude, chance):
            which = ops.zeros((count, 1), "int32")
            steps = program.Steps(which, magnitude[:, None], chance[:, None])
            return program.run(images, steps, (name,), fill_value, (0, 255))

        arguments = (images, magnitude, chance.astype("float32"))
        return ops.convert_to_numpy(compiled(change)(*map(ops.convert_to_tensor, arguments)))

    return run


@pytest.fixture
def chances():
    """A function that draws numbers as the pipeline does, `(count, 8)`."""

    def draw(count, seed=0):
        return np.random.default_rng(seed).integers(0, 2**24, (count, 8)) / 2**24

    return draw
