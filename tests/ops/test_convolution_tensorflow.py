"""TensorFlow's kernels: both paths agree, and the probe tells the truth about this machine."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from helpers.definitions import convolve

pytestmark = pytest.mark.tensorflow
if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    from kerasbook.ops import convolution_tensorflow as kernels


def gradients(x, kernel, strides, dilation_rate, padding="same"):
    with tf.GradientTape() as tape:
        tape.watch([x, kernel])
        y = kernels.conv(x, kernel, strides, padding, dilation_rate)
        loss = tf.reduce_sum(y * tf.cos(y))
    return [y, *tape.gradient(loss, [x, kernel])]


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("dilation_rate", [(1, 1), (2, 3)])
@pytest.mark.parametrize("strides", [(1, 1), (2, 3)])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_fallback_equals_the_native_kernel(
    groups, dilation_rate, strides, padding, monkeypatch, rng
):
    x = tf.constant(rng.normal(size=(2, 9, 10, 4)).astype("float32"))
    kernel = tf.constant(rng.normal(size=(3, 2, 4 // groups, 8)).astype("float32"))
    usual = gradients(x, kernel, strides, dilation_rate, padding)
    monkeypatch.setattr(
        kernels,
        "has_native_gradient",
        lambda rank, dtype, grouped, dilated: not grouped and not dilated,
    )
    fallback = gradients(x, kernel, strides, dilation_rate, padding)
    for a, b in zip(usual, fallback, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("case", [(2, 1), (1, 2), (2, 2)])
def test_every_dtype_has_a_gradient(dtype, case):
    groups, rate = case
    x, kernel = tf.ones((1, 6, 7, 4), dtype), tf.ones((3, 3, 4 // groups, 4), dtype)
    results = gradients(x, kernel, (2, 1), (rate, rate))
    assert [r.dtype.name for r in results] == [dtype] * 3
    assert all(bool(tf.reduce_all(tf.math.is_finite(r))) for r in results)


def test_without_onednn_the_probe_says_so_and_training_works():
    code = (
        "import tensorflow as tf\n"
        "from kerasbook.ops import convolution_tensorflow as kernels\n"
        "assert not kernels.has_native_gradient(2, 'float32', True, False)\n"
        "x, k = tf.ones((1, 5, 5, 4)), tf.ones((3, 3, 2, 4))\n"
        "@tf.function\n"
        "def step():\n"
        "    with tf.GradientTape() as tape:\n"
        "        tape.watch(k)\n"
        "        y = kernels.conv(x, k, (2, 2), 'same', (2, 2))\n"
        "    return tape.gradient(y, k)\n"
        "assert step().shape == k.shape\n"
    )
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)


def test_probe_runs_inside_a_graph():
    kernels.has_native_gradient.cache_clear()

    @tf.function
    def traced(x, kernel):
        return kernels.conv(x, kernel, (1, 1), "same", (1, 1))

    assert traced(tf.ones((1, 5, 5, 4)), tf.ones((3, 3, 2, 4))).shape == (1, 5, 5, 4)


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("rate", [(1, 1, 1), (1, 2, 3)])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_fallback_equals_the_definition_in_three_dimensions(groups, rate, padding, rng):
    x = rng.normal(size=(2, 5, 7, 8, 4))
    kernel = rng.normal(size=(2, 3, 2, 4 // groups, 4))
    y = kernels.conv(x, kernel, (2, 1, 3), padding, rate)
    np.testing.assert_allclose(y, convolve(x, kernel, (2, 1, 3), padding, rate), atol=1e-12)


@pytest.mark.parametrize("strides", [(2, 1), (1, 3)])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_a_kernel_of_one_pixel_with_two_strides(strides, padding, rng):
    x, kernel = rng.normal(size=(2, 6, 7, 4)), rng.normal(size=(1, 1, 4, 5))
    y = kernels.conv(tf.constant(x), tf.constant(kernel), strides, padding, (1, 1))
    np.testing.assert_allclose(y, convolve(x, kernel, strides, padding), atol=1e-9)


def test_a_kernel_of_one_pixel_with_two_strides_does_not_kill_the_process():
    code = (
        "import tensorflow as tf\n"
        "from kerasbook.ops import convolution_tensorflow as kernels\n"
        "x, w = tf.ones((3, 6, 7, 4)), tf.ones((1, 1, 4, 12))\n"
        "for _ in range(100):\n"
        "    with tf.GradientTape() as tape:\n"
        "        tape.watch(w)\n"
        "        y = kernels.conv(x, w, (2, 1), 'same', (1, 1))\n"
        "    tape.gradient(y, w)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], timeout=100, check=False)
    assert result.returncode == 0


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("groups", [1, 2])
def test_strides_that_leap_over_pixels_in_three_dimensions(dtype, groups, rng):
    x = rng.normal(size=(2, 6, 7, 9, 4)).astype(dtype)
    kernel = rng.normal(size=(1, 2, 1, 4 // groups, 4)).astype(dtype)
    y = kernels.conv(x, kernel, (3, 4, 5), "same", (1, 1, 1))
    expected = convolve(x.astype("float64"), kernel, (3, 4, 5), "same")
    np.testing.assert_allclose(y, expected, atol=2e-2 if dtype == "float16" else 1e-5)
