"""InceptionBlock: its paths in NumPy, its weights, bad arguments."""

import numpy as np
import pytest
from helpers.definitions import windows
from helpers.units import Units, built, outputs

from kerasbook.layers import InceptionBlock

FORMATS = pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])


@FORMATS
def test_definition(data_format, rng):
    x = rng.uniform(0.1, 1, size=(2, 5, 7, 3))
    options = {"filters_5x5": (3, 4), "pool_filters": 2}
    block = built(InceptionBlock, 3, (2, 5), shape=x.shape, data_format=data_format, **options)
    units = Units(block, rng)

    def unit(x):
        return np.maximum(units.conv(x) + units.weight(), 0)

    paths = [unit(x), unit(unit(x)), unit(unit(x))]
    paths.append(unit(windows(x, (3, 3), padding="same").max((3, 4))))
    assert [path.shape[-1] for path in paths] == [3, 5, 4, 2]
    np.testing.assert_allclose(outputs(block, x), np.concatenate(paths, -1), atol=1e-4)
    kernels = [tuple(w.shape[:2]) for w in block.weights if len(w.shape) == 4]
    assert kernels == [(1, 1), (1, 1), (3, 3), (1, 1), (5, 5), (1, 1)]


def test_weights_of_googlenet():
    """Table 1 of the paper: 159 thousand in 3a, whose biases it leaves out with the rest."""
    block = InceptionBlock(64, (96, 128), filters_5x5=(16, 32), pool_filters=32)
    block.build((None, 28, 28, 192))
    assert block.compute_output_shape((None, 28, 28, 192)) == (None, 28, 28, 256)
    assert block.count_params() == 163_696
    block = InceptionBlock(128, (128, 192), filters_5x5=(32, 96), pool_filters=64)
    block.build((None, 28, 28, 256))
    assert block.compute_output_shape((None, 28, 28, 256)) == (None, 28, 28, 480)


def test_normalization_follows_each_convolution(rng):
    x = rng.normal(size=(3, 4, 5, 2))
    options = {"filters_5x5": 2, "pool_filters": 2, "pooling": "avg", "normalization": "batch"}
    block = built(InceptionBlock, 2, 3, shape=x.shape, **options)
    units = Units(block, rng, training=True)
    paths = [units.unit(x), units.unit(units.unit(x)), units.unit(units.unit(x))]
    seen, ones = (windows(each, (3, 3), padding="same") for each in (x, np.ones_like(x)))
    paths.append(units.unit(seen.sum((3, 4)) / ones.sum((3, 4))))
    y = outputs(block, x, training=True)
    np.testing.assert_allclose(y, np.concatenate(paths, -1), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters_1x1": 0}, "`filters_1x1` must be .*filters_1x1=0"),
        ({"filters_3x3": (1, 2, 3)}, "`filters_3x3` must be .*filters_3x3="),
        ({"filters_5x5": (1, 0)}, "`filters_5x5` must be .*filters_5x5="),
        ({"pool_filters": -1}, "`pool_filters` must be .*pool_filters=-1"),
        ({"pooling": None}, "`pooling` must be one of .*None"),
    ],
)
def test_bad_arguments_are_named(options, message):
    good = {"filters_1x1": 2, "filters_3x3": 2, "filters_5x5": 2, "pool_filters": 2}
    with pytest.raises(ValueError, match=message):
        InceptionBlock(**{**good, **options})
