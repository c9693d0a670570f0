"""InceptionReductionBlock: its paths in NumPy, its weights, bad arguments."""

import numpy as np
import pytest
from helpers.definitions import windows
from helpers.units import Units, built, outputs

from kerasbook.layers import InceptionReductionBlock

FORMATS = pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])


@FORMATS
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("single", [4, (2, 4)])
@pytest.mark.parametrize("row_size", [None, 5])
def test_definition(data_format, training, single, row_size, rng):
    x = rng.normal(size=(3, 7, 8, 3))
    options = {"row_size": row_size, "strides": (2, 3), "data_format": data_format}
    block = built(InceptionReductionBlock, single, (2, 3), shape=x.shape, **options)
    units = Units(block, rng, training)
    last = {"strides": (2, 3), "padding": "valid"}
    first = units.unit(x if single == 4 else units.unit(x), **last)
    second = units.unit(units.unit(x))
    if row_size:
        second = units.unit(second)
        assert second.shape[-1] == 2
    second = units.unit(second, **last)
    y = np.concatenate([first, second, windows(x, (3, 3), (2, 3)).max((3, 4))], -1)
    assert y.shape[1:] == (3, 2, 4 + 3 + 3)
    np.testing.assert_allclose(outputs(block, x, training), y, rtol=1e-4, atol=1e-4)


def test_same_padding_keeps_the_ceiling():
    block = InceptionReductionBlock(4, 2, padding="same", pooling="avg")
    block.build((None, 7, 8, 3))
    assert block.compute_output_shape((None, 7, 8, 3)) == (None, 4, 4, 9)


def test_inputs_smaller_than_the_kernel_are_named():
    with pytest.raises(ValueError, match="kernel must not be larger"):
        InceptionReductionBlock(4, 2).build((None, 2, 8, 3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters_single": 0}, "`filters_single` must be .*filters_single=0"),
        ({"filters_single": (1, 2, 3)}, "`filters_single` must be .*filters_single="),
        ({"filters_double": (1, 0)}, "`filters_double` must be .*filters_double="),
        ({"row_size": 0}, "`row_size` must be .*row_size=0"),
        ({"strides": 0}, "`strides` must be .*strides=0"),
        ({"padding": "full"}, "`padding` must be one of .*'full'"),
        ({"pooling": "min"}, "`pooling` must be one of .*'min'"),
    ],
)
def test_bad_arguments_are_named(options, message):
    good = {"filters_single": 2, "filters_double": 2}
    with pytest.raises(ValueError, match=message):
        InceptionReductionBlock(**{**good, **options})
