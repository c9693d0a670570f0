"""TransitionBlock: the order of its definition, sizes, bad arguments."""

import numpy as np
import pytest
from helpers.definitions import windows
from helpers.units import Units, built, outputs

from kerasbook.layers import TransitionBlock


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("use_bias", [False, True])
def test_definition(data_format, training, use_bias, rng):
    x = rng.normal(size=(3, 5, 7, 5))
    options = {"pool_size": (2, 3), "use_bias": use_bias, "data_format": data_format}
    block = built(TransitionBlock, 0.7, shape=x.shape, **options)
    units = Units(block, rng, training)
    y = units.conv(units.first(x))  # before the pooling, as in the paper
    if use_bias:
        y = y + units.weight()
    y = windows(y, (2, 3), (2, 3)).mean((3, 4))
    assert y.shape == (3, 2, 2, 3)
    actual = outputs(block, x, training)
    np.testing.assert_allclose(actual, y, rtol=1e-4, atol=1e-4)
    sizes = (3, 3, 2, 2) if data_format == "channels_first" else (3, 2, 2, 3)
    shape = (3, 5, 5, 7) if data_format == "channels_first" else (3, 5, 7, 5)
    assert block.compute_output_shape(shape) == sizes


@pytest.mark.parametrize("value", [0, 1.5, -0.5, "half"])
def test_bad_compression_is_named(value):
    with pytest.raises(ValueError, match="`compression` must be in .0, 1..*compression="):
        TransitionBlock(value)


def test_bad_sizes_are_named():
    with pytest.raises(ValueError, match="`pool_size` must be .*pool_size=0"):
        TransitionBlock(pool_size=0)
    with pytest.raises(ValueError, match="`compression` must leave a channel.*channels=3"):
        TransitionBlock(0.2).build((None, 8, 8, 3))
    with pytest.raises(ValueError, match="zero or negative"):
        TransitionBlock(pool_size=9).build((None, 8, 8, 4))
    with pytest.raises(ValueError, match="static size"):
        TransitionBlock().build((None, 8, 8, None))
