"""`from_keras`: everything finds its place, or nothing is changed and the weight is named."""

import keras
import numpy as np
import pytest

from kerasbook.applications import create_model, from_keras, keras_weights


def chain(*filters, bias=True, name="theirs"):
    image = keras.Input((8, 8, 3))
    x = image
    for number, count in enumerate(filters):
        x = keras.layers.Conv2D(count, 3, use_bias=bias, name=f"{name}{number}")(x)
    return keras.Model(image, x)


def test_names_do_not_matter_and_target_is_returned(rng):
    source, target = chain(4, 5), chain(4, 5, name="ours")
    assert from_keras(source, target) is target
    images = rng.normal(size=(2, 8, 8, 3)).astype("float32")
    np.testing.assert_array_equal(source(images), target(images))


def test_a_convolution_of_one_tap_is_a_dense_layer():
    image = keras.Input((1, 1, 3))
    source = keras.Model(image, keras.layers.Conv2D(5, 1)(image))
    flat = keras.Input((3,))
    target = from_keras(source, keras.Model(flat, keras.layers.Dense(5)(flat)))
    kernel = np.asarray(source.layers[1].kernel)
    np.testing.assert_array_equal(target.layers[1].kernel, kernel[0, 0])


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (chain(4), chain(5), r"'theirs0/kernel' of shape \(3, 3, 3, 4\) where .*\(3, 3, 3, 5\)"),
        (chain(4, 5), chain(4), "'theirs1/kernel', which finds no place"),
        (chain(4), chain(4, 5), "no weight for 'theirs1/kernel'"),
        (chain(4, bias=False), chain(4), "no weight for 'theirs0/bias'"),
        (None, chain(4), "`source` must be a functional model.*None"),
        (chain(4), keras.Sequential(), "`target` must be a functional model"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_changes(source, target, message):
    before = target.get_weights()
    with pytest.raises(ValueError, match=message):
        from_keras(source, target)
    for value, now in zip(before, target.get_weights(), strict=True):
        np.testing.assert_array_equal(value, now)


def test_another_convention_is_named():
    options = {"weights": None, "input_shape": (32, 32, 3), "classes": 3}
    theirs = keras.applications.MobileNetV2(**options)
    ours = create_model("mobilenetv2", convention="torch", **options)
    with pytest.raises(ValueError, match="in the convention 'keras'.*of a layer with epsilon"):
        from_keras(theirs, ours)


def test_imagenet_is_what_keras_downloads(monkeypatch, rng):
    """Without a network: Keras' function is replaced by one with the same weights each time."""
    theirs = keras.applications.MobileNet
    asked = {}

    def download(weights, alpha=1.0, **options):
        asked.update(options, weights=weights)
        keras.utils.set_random_seed(3)
        return theirs(weights=None, alpha=0.25, **options)

    monkeypatch.setattr(keras_weights.keras.applications, "MobileNet", download)
    options = {"include_top": False, "input_shape": (32, 64, 3)}
    model = create_model("mobilenet", weights="imagenet", alpha=0.25, **options)
    assert asked == {**options, "weights": "imagenet"}
    images = rng.normal(size=(1, 32, 64, 3)).astype("float32")
    np.testing.assert_allclose(model(images), download("imagenet", **options)(images), atol=1e-5)


def test_imagenet_hands_on_what_keras_asks_for(monkeypatch):
    asked = {}
    theirs = keras.applications.MobileNetV2

    def download(input_shape=None, alpha=1.0, include_top=True, weights="imagenet"):
        asked.update(alpha=alpha, weights=weights)
        return theirs(input_shape, alpha, include_top, None)

    monkeypatch.setattr(keras_weights.keras.applications, "MobileNetV2", download)
    shape = {"input_shape": (32, 32, 3), "include_top": False}
    model = create_model("mobilenetv2", weights="imagenet", alpha=0.35, **shape)
    assert asked == {"alpha": 0.35, "weights": "imagenet"}
    assert model.output_shape == (None, 1, 1, 1280)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("resnet18", {}, "`weights` must be None or a path, since `keras.applications` has no"),
        ("resnet50", {"classes": 10}, "`classes` must be 1000 with `weights='imagenet'`.*10"),
        ("resnet50", {"convention": "torch"}, "`convention` must be 'keras'.*'torch'"),
        ("resnet50", {"normalization": None}, "`normalization` must have its default.*None"),
        ("resnet50", {"depths": (1, 1, 1, 1)}, r"`depths` must have its default.*\(1, 1, 1, 1\)"),
    ],
)
def test_where_imagenet_does_not_fit(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model(name, weights="imagenet", **arguments)
