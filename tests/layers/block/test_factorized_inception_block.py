"""FactorizedInceptionBlock: its paths in NumPy, its weights, bad arguments."""

import numpy as np
import pytest
from helpers.definitions import windows
from helpers.units import Units, built, outputs

from kerasbook.layers import FactorizedInceptionBlock

FORMATS = pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])


def mean_of_windows(x):
    """The means of 3 x 3 pixels, those beyond the image left out."""
    seen, ones = (windows(each, (3, 3), padding="same") for each in (x, np.ones_like(x)))
    return seen.sum((3, 4)) / ones.sum((3, 4))


@FORMATS
@pytest.mark.parametrize("training", [False, True])
def test_definition(data_format, training, rng):
    x = rng.normal(size=(3, 5, 7, 3))
    options = {"filters_double": (2, 3), "pool_filters": 2, "kernel_size": 5}
    options["data_format"] = data_format
    block = built(FactorizedInceptionBlock, 2, (3, 4), shape=x.shape, **options)
    units = Units(block, rng, training)
    paths = [units.unit(x)]
    paths.append(units.unit(units.unit(x)))
    paths.append(units.unit(units.unit(units.unit(x))))
    assert [path.shape[-1] for path in paths] == [2, 4, 3]
    paths.append(units.unit(mean_of_windows(x)))
    y = np.concatenate(paths, -1)
    np.testing.assert_allclose(outputs(block, x, training), y, rtol=1e-4, atol=1e-4)
    kernels = [tuple(w.shape[:2]) for w in block.weights if len(w.shape) == 4]
    assert kernels == [(1, 1), (1, 1), (5, 5), (1, 1), (3, 3), (3, 3), (1, 1)]


def test_one_number_stands_for_both_and_the_figures_kernel_is_small():
    block = FactorizedInceptionBlock(2, 4, filters_double=3, pool_filters=1)
    assert (block.filters_single, block.filters_double) == ((4, 4), (3, 3))
    assert block.kernel_size == 3


def test_bad_kernel_size_is_named():
    with pytest.raises(ValueError, match="`kernel_size` must be .*kernel_size=0"):
        FactorizedInceptionBlock(2, 4, filters_double=3, pool_filters=1, kernel_size=0)
