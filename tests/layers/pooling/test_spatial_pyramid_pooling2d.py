"""SpatialPyramidPooling2D: bins in NumPy for all sizes, the layout, unknown sizes."""

import keras
import numpy as np
import pytest

from kerasbook.layers import SpatialPyramidPooling2D


def definition(x, levels, pooling):
    reduce = np.max if pooling == "max" else np.mean
    parts = []
    for level in levels:
        for i in range(level):
            for j in range(level):
                h, w = x.shape[1:3]
                top, bottom = int(np.floor(i * h / level)), int(np.ceil((i + 1) * h / level))
                left, right = int(np.floor(j * w / level)), int(np.ceil((j + 1) * w / level))
                parts.append(reduce(x[:, top:bottom, left:right], axis=(1, 2)))
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize("sizes", [(13, 13), (13, 10), (7, 10), (4, 8), (3, 2), (1, 1)])
def test_definition(rng, pooling, sizes):
    x = rng.normal(size=(2, *sizes, 3)).astype("float32")
    expected = definition(x, (1, 2, 4), pooling)
    layer = SpatialPyramidPooling2D(pooling=pooling)
    y = keras.ops.convert_to_numpy(layer(x))
    assert y.shape == (2, 21 * 3)
    np.testing.assert_allclose(y, expected, atol=1e-6)
    first = SpatialPyramidPooling2D(pooling=pooling, data_format="channels_first")
    y = keras.ops.convert_to_numpy(first(x.transpose(0, 3, 1, 2)))
    np.testing.assert_allclose(y, expected, atol=1e-6)


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_one_model_takes_images_of_every_size(rng, pooling):
    images = keras.Input((None, None, 3))
    features = SpatialPyramidPooling2D((3, 1), pooling=pooling)(images)
    assert features.shape == (None, 30)
    model = keras.Model(images, features)
    for jit_compile in (False, True):
        model.compile(jit_compile=jit_compile)
        for sizes in ((5, 7), (8, 4), (2, 3)):
            x = rng.normal(size=(2, *sizes, 3)).astype("float32")
            y = model.predict(x, verbose=0)
            np.testing.assert_allclose(y, definition(x, (3, 1), pooling), atol=1e-6)


def test_the_paper_s_length():
    # 50 bins of 256 channels, section 3.1: 4-level pyramid {6x6, 3x3, 2x2, 1x1}.
    layer = SpatialPyramidPooling2D((6, 3, 2, 1))
    assert layer.compute_output_shape((None, None, None, 256)) == (None, 50 * 256)


@pytest.mark.parametrize("levels", [(), (0,), (1, -2), (1.0,), 3, (True,), None])
def test_bad_levels_are_named(levels):
    with pytest.raises(ValueError, match="`levels` must be positive integers"):
        SpatialPyramidPooling2D(levels)


def test_other_bad_arguments_are_named():
    with pytest.raises(ValueError, match="`pooling` must be one of.*'mean'"):
        SpatialPyramidPooling2D(pooling="mean")
    with pytest.raises(ValueError, match="static size"):
        SpatialPyramidPooling2D().build((None, 4, 4, None))


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_a_batch_of_none(pooling):
    layer = SpatialPyramidPooling2D((1, 2, 4), pooling=pooling)
    assert tuple(layer(np.zeros((0, 7, 6, 3), "float32")).shape) == (0, 63)
