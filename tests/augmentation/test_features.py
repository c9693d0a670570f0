"""What goes in comes out: images alone, one image, dictionaries, NumPy."""

import numpy as np
import pytest
from keras import ops, tree

from kerasbook.augmentation.features import as_batch, like


@pytest.mark.parametrize("shape", [(2, 3, 4, 3), (3, 4, 3)])
@pytest.mark.parametrize("alone", [True, False])
def test_there_and_back(shape, alone, rng):
    images = rng.integers(0, 256, shape).astype("uint8")
    labels = np.arange(2)[: 2 if len(shape) == 4 else 1].reshape(shape[:-3])
    inputs = images if alone else {"images": images, "labels": labels}
    batch, restore = as_batch(inputs)
    assert len(batch["images"].shape) == 4
    assert set(batch) == ({"images"} if alone else {"images", "labels"})
    found = tree.map_structure(ops.convert_to_numpy, restore(batch))
    tree.map_structure(np.testing.assert_array_equal, found, inputs)


def test_a_batch_may_be_needed():
    with pytest.raises(ValueError, match=r"must be \(batch, height, width, channels\). Received"):
        as_batch(np.zeros((3, 4, 3), "uint8"), needs_batch=True)


def test_like():
    tensor = ops.ones((2,))
    assert isinstance(like(tensor, np.ones(1)), np.ndarray)
    assert like(tensor, ops.ones(1)) is tensor
