"""Views against a loop over crops in NumPy."""

import keras
import numpy as np
import pytest

from kerasbook.evaluation import View, average_views, dense_evaluation

SIZE = (5, 4)


@pytest.fixture(scope="module")
def model():
    """A classifier of 5 x 4 images that ends in logits, and knows left from right."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((*SIZE, 2)),
            keras.layers.Conv2D(3, (2, 3), activation="tanh"),
            keras.layers.Flatten(),
            keras.layers.Dense(6, kernel_initializer=keras.initializers.RandomNormal(stddev=1.0)),
        ]
    )


def probabilities(model, crop):
    exponentials = np.exp(np.asarray(model(crop)))
    return exponentials / exponentials.sum(-1, keepdims=True)


def crop(images, top, left, flip):
    part = images[:, top : top + SIZE[0], left : left + SIZE[1]]
    return part[:, :, ::-1] if flip else part


BY_HAND = {  # tops and lefts of images of 8 x 9; (8 - 5) / 2 is rounded to the even number
    "center": [(2, 2, False)],
    "flip": [(2, 2, False), (2, 2, True)],
    "five_crop": [(0, 0, False), (0, 5, False), (3, 0, False), (3, 5, False), (2, 2, False)],
}
BY_HAND["ten_crop"] = [(t, left, flip) for flip in (0, 1) for t, left, _ in BY_HAND["five_crop"]]


@pytest.mark.parametrize("views", BY_HAND)
def test_equals_a_loop_over_crops(views, model, rng):
    images = rng.normal(size=(3, 8, 9, 2)).astype("float32")
    expected = np.mean([probabilities(model, crop(images, *v)) for v in BY_HAND[views]], 0)
    averaged = average_views(model, views, image_size=(8, 9))
    np.testing.assert_allclose(np.asarray(averaged(images)), expected, rtol=1e-4, atol=1e-6)


def test_own_views_at_several_scales(model, rng):
    images = rng.normal(size=(2, 7, 6, 2)).astype("float32")
    larger = keras.ops.image.resize(images, (14, 12), data_format="channels_last")
    larger = np.asarray(larger)
    views = [View(1, 0.5), View(0, 0, flip=True)]
    expected = np.mean(
        [
            probabilities(model, crop(images, 2, 1, False)),
            probabilities(model, crop(images, 0, 0, True)),
            probabilities(model, crop(larger, 9, 4, False)),
            probabilities(model, crop(larger, 0, 0, True)),
        ],
        0,
    )
    averaged = average_views(model, views, image_size=(7, 6), scales=(1, 2))
    np.testing.assert_allclose(np.asarray(averaged(images)), expected, rtol=1e-4, atol=1e-6)


def test_the_whole_of_larger_images_and_its_mirror_image(model, rng):
    images = rng.normal(size=(2, 7, 6, 2)).astype("float32")
    wide = dense_evaluation(model)
    expected = (np.asarray(wide(images)) + np.asarray(wide(images[:, :, ::-1].copy()))) / 2
    both = average_views(wide, "flip")
    np.testing.assert_allclose(np.asarray(both(images)), expected, rtol=1e-5, atol=1e-6)


def test_can_be_saved(model, rng, tmp_path):
    images = rng.normal(size=(2, 8, 9, 2)).astype("float32")
    averaged = average_views(model, image_size=(8, 9), scales=(1, 1.5))
    averaged.save(tmp_path / "ten.keras")
    again = keras.saving.load_model(tmp_path / "ten.keras")
    np.testing.assert_allclose(np.asarray(again(images)), np.asarray(averaged(images)), rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"views": "six_crop"}, "`views` must be one of"),
        ({"views": []}, "`views` must be views with places"),
        ({"views": [View(2, 0)]}, "`views` must be views with places"),
        ({"image_size": (5, 3)}, r"`image_size` must be at least the model's own, \(5, 4\)"),
        ({"image_size": (6, 6), "scales": (0.5,)}, r"at each scale. Received: \(3, 3\)"),
        ({"scales": ()}, "`scales` must be numbers above 0"),
    ],
)
def test_bad_input(arguments, message, model):
    with pytest.raises(ValueError, match=message):
        average_views(model, **arguments)


def test_bad_input_for_images_of_any_size(model):
    wide = dense_evaluation(model)
    with pytest.raises(ValueError, match="`views` must be of the center"):
        average_views(wide, "five_crop")
    with pytest.raises(ValueError, match="`image_size` must be given"):
        average_views(wide, "flip", scales=(2,))
