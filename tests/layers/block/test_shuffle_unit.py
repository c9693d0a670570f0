"""ShuffleUnit: both versions in NumPy, how far channels mix, bad arguments."""

import numpy as np
import pytest
from helpers.definitions import windows
from helpers.units import Units, built, outputs

from kerasbook.layers import ShuffleUnit

FORMATS = pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
MODES = pytest.mark.parametrize("training", [False, True])


def shuffle(x, groups):
    """Channel `g n + i` moves to `i groups + g`."""
    n = x.shape[-1] // groups
    y = np.empty_like(x)
    for g in range(groups):
        for i in range(n):
            y[..., i * groups + g] = x[..., g * n + i]
    return y


def close(actual, desired):
    np.testing.assert_allclose(actual, desired, rtol=1e-4, atol=1e-4)


@FORMATS
@MODES
@pytest.mark.parametrize(("groups", "grouped_first"), [(1, True), (3, True), (3, False)])
def test_version_1_adds(data_format, training, groups, grouped_first, rng):
    x = rng.normal(size=(2, 5, 7, 12))
    options = {"version": 1, "groups": groups, "grouped_first": grouped_first}
    options |= {"bottleneck_ratio": 2, "data_format": data_format}
    block = built(ShuffleUnit, 12, shape=x.shape, **options)
    kernels = [tuple(w.shape) for w in block.weights if len(w.shape) == 4]
    first = 12 // groups if grouped_first else 12
    assert kernels == [(1, 1, first, 6), (3, 3, 6, 1), (1, 1, 6 // groups, 12)]
    units = Units(block, rng, training)
    y = shuffle(units.unit(x), groups)
    y = units.unit(units.unit(y, depthwise=True, relu=False), relu=False)
    close(outputs(block, x, training), np.maximum(x + y, 0))
    assert not units.left


@FORMATS
def test_version_1_with_strides_concatenates_the_means_of_windows(data_format, rng):
    x = rng.normal(size=(2, 5, 8, 4))
    options = {"version": 1, "groups": 2, "strides": (2, 1), "bottleneck_ratio": 3}
    block = built(ShuffleUnit, 12, shape=x.shape, data_format=data_format, **options)
    units = Units(block, rng)
    y = shuffle(units.unit(x), 2)
    y = units.unit(units.unit(y, (2, 1), depthwise=True, relu=False), relu=False)
    seen, ones = (windows(each, (3, 3), (2, 1), padding="same") for each in (x, np.ones_like(x)))
    means = seen.sum((3, 4)) / ones.sum((3, 4))
    assert y.shape[-1] == 8
    close(outputs(block, x), np.maximum(np.concatenate([means, y], -1), 0))


@FORMATS
@MODES
def test_version_2_splits(data_format, training, rng):
    x = rng.normal(size=(2, 5, 7, 6))
    options = {"kernel_size": (3, 5), "data_format": data_format}
    block = built(ShuffleUnit, 6, shape=x.shape, **options)
    units = Units(block, rng, training)
    y = units.unit(x[..., 3:])
    y = units.unit(units.unit(y, depthwise=True, relu=False))
    close(outputs(block, x, training), shuffle(np.concatenate([x[..., :3], y], -1), 2))
    assert not units.left


@FORMATS
@MODES
@pytest.mark.parametrize(("filters", "strides"), [(6, (2, 1)), (8, (1, 1))])
def test_version_2_with_strides_or_more_channels(data_format, training, filters, strides, rng):
    x = rng.normal(size=(2, 5, 7, 6))
    options = {"strides": strides, "data_format": data_format}
    block = built(ShuffleUnit, filters, shape=x.shape, **options)
    units = Units(block, rng, training)
    first = units.unit(units.unit(x, strides, depthwise=True, relu=False))
    second = units.unit(x)
    second = units.unit(units.unit(second, strides, depthwise=True, relu=False))
    y = shuffle(np.concatenate([first, second], -1), 2)
    assert y.shape[-1] == filters
    close(outputs(block, x, training), y)


def test_weights_of_shufflenet():
    """A unit of stage 2 with 240 channels and 3 groups, and one of version 2 with 116."""
    unit = ShuffleUnit(240, version=1, groups=3, normalization=None, use_bias=False)
    unit.build((None, 28, 28, 240))
    assert unit.count_params() == 2 * 240 * 60 // 3 + 9 * 60
    unit = ShuffleUnit(116, normalization=None, use_bias=False)
    unit.build((None, 28, 28, 116))
    assert unit.count_params() == 2 * 58**2 + 9 * 58


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": 0}, "`filters` must be .*filters=0"),
        ({"version": 3}, "`version` must be one of .*version=3"),
        ({"groups": 0}, "`groups` must be .*groups=0"),
        ({"groups": 2}, "`filters` must be even and `groups` 1.*groups=2"),
        ({"filters": 7}, "`filters` must be even .*filters=7"),
        ({"kernel_size": 0}, "`kernel_size` must be "),
        ({"strides": 0}, "`strides` must be "),
        ({"bottleneck_ratio": 0}, "`bottleneck_ratio` must be "),
        ({"version": 1, "groups": 4}, "`groups` must divide .*groups=4, channels=3"),
        ({"version": 1, "bottleneck_ratio": 13}, "`groups` must divide .*channels=0"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        ShuffleUnit(**{"filters": 12, **options})


@pytest.mark.parametrize(("channels", "strides"), [(8, 1), (12, 2), (16, 2)])
def test_channels_that_do_not_fit_version_1_are_named(channels, strides):
    with pytest.raises(ValueError, match=f"`filters` must be .*channels={channels}"):
        ShuffleUnit(12, version=1, strides=strides).build((None, 8, 8, channels))
