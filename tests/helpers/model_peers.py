"""Comparison of models with those of `keras.applications`, timm and torchvision."""

import math

import keras
import numpy as np

from kerasbook import registry
from kerasbook.analysis import weightless
from kerasbook.applications import create_model, from_keras, from_timm

SHAPE = (64, 96, 3)  # not square


def assert_like_keras(
    name,
    rng,
    *,
    shape=SHAPE,
    deviation=1.0,
    preprocess=lambda images: images,
    calibrate=False,
    **arguments,
):
    """Asserts that a model equals its twin in `keras.applications` after copying weights.

    Args:
        name: Name of the model.
        rng: NumPy's generator.
        shape: Shape of the images.
        deviation: Standard deviation of their values.
        preprocess: What the twin does to images within itself.
        calibrate: Whether batch normalizations have the statistics of the images, not random ones,
            so that in deep networks neither images nor errors vanish or explode.
        **arguments: Arguments of both, e.g. `include_top=False`.
    """
    arguments = {"input_shape": shape, "classes": 10, "classifier_activation": None, **arguments}
    twin = registry.get("model", name).size.peers["keras"]
    keras.utils.set_random_seed(0)
    theirs = getattr(keras.applications, twin)(weights=None, **arguments)
    for weight in theirs.weights:
        if len(weight.shape) == 1:
            weight.assign(_vector(weight, rng))
    images = rng.normal(0, deviation, (4, *shape)).astype("float32")
    if calibrate:
        _calibrate(theirs, images)
    ours = create_model(name, convention="keras", kernel_initializer="zeros", **arguments)
    assert from_keras(theirs, ours) is ours
    scaling = (keras.layers.Normalization,)  # which `from_keras` leaves out
    counted = [layer for layer in theirs.layers if not isinstance(layer, scaling)]
    assert ours.count_params() == sum(layer.count_params() for layer in counted)
    assert_close(ours(preprocess(images[:2])), theirs(images[:2]))


def assert_like_torch(
    name,
    rng,
    make,
    *,
    shape=SHAPE,
    deviation=1.0,
    rename=lambda key: key,
    calibrate=False,
    **arguments,
):
    """Asserts that a model equals its twin in timm or torchvision after copying weights.

    Args:
        name: Name of the model.
        rng: NumPy's generator.
        make: Function of `helpers/torch_peers.py`, of the module and the name, that makes the twin.
        shape: Shape of the images.
        deviation: Standard deviation of their values.
        rename: Function that makes of a weight's name the one expected; `None` leaves it out.
        calibrate: Whether batch normalizations have the statistics of the images, not random ones,
            so that in deep networks neither images nor errors vanish or explode.
        **arguments: Arguments of our model.
    """
    from helpers import torch_peers

    torch_peers.torch.manual_seed(0)
    theirs = torch_peers.randomized(make(torch_peers))
    images = rng.normal(0, deviation, (4, *shape)).astype("float32")
    if calibrate:
        torch_peers.calibrate(theirs, images)
    weights = {rename(k): v for k, v in torch_peers.arrays(theirs).items() if rename(k)}
    arguments = {"input_shape": shape, "classifier_activation": None, **arguments}
    ours = from_timm(weights, name, kernel_initializer="zeros", **arguments)
    assert_close(ours(images[:2]), torch_peers.outputs(theirs, images[:2]))


def built(name, **arguments):
    """Returns a model that has no values for its weights, which takes little time and memory."""
    return weightless(lambda: create_model(name, **arguments))


def counts(name, **arguments):
    """Returns the numbers of a model's parameters, all and trainable, without allocating them."""
    model = built(name, **arguments)
    return tuple(
        sum(math.prod(variable.shape) for variable in variables)
        for variables in (model.weights, model.trainable_weights)
    )


def assert_close(ours, theirs):
    """Asserts that outputs agree to 1e-4 of the largest, and differ from image to image."""
    ours, theirs = keras.ops.convert_to_numpy(ours), keras.ops.convert_to_numpy(theirs)
    scale = np.abs(theirs).max()
    assert np.isfinite(scale)
    assert np.abs(theirs[0] - theirs[1]).max() > 1e-3 * scale  # agreement means something
    np.testing.assert_allclose(ours / scale, theirs / scale, atol=1e-4)


def _vector(weight, rng):
    """Returns random values of a bias, scale or statistic."""
    if weight.name in ("gamma", "moving_variance", "variance"):
        return rng.uniform(0.5, 1.5, weight.shape)
    return rng.normal(0, 0.1, weight.shape)


def _calibrate(model, images):
    """Gives the batch normalizations of a model the statistics of images."""
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for norm in norms:
        norm.momentum = 0.0
    model(images, training=True)
