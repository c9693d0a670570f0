"""Labels that follow the image through a whole augmentation, in every way it is called."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kerasbook.augmentation import RandAugment, Sequence, places, program
from kerasbook.augmentation.operations import OPERATIONS
from kerasbook.augmentation.operations.operation import Operation

pytestmark = pytest.mark.tensorflow

HEIGHT, WIDTH = 21, 34
MOVING = tuple(sorted(name for name, o in OPERATIONS.items() if o.is_geometric))


def batch_of(rng, count=12):
    """Images that hold the number of their row and column; masks, boxes and keypoints."""
    row, column = np.mgrid[:HEIGHT, :WIDTH].astype("uint8")
    images = np.tile(np.stack([row, column, 0 * row + 1], -1), (count, 1, 1, 1))
    start = rng.uniform(0, 0.5, (count, 3, 2)).astype("float32")
    boxes = np.concatenate([start, start + 0.4], -1)
    keypoints = rng.uniform(0, [WIDTH, HEIGHT], (count, 5, 2)).astype("float32")
    return {
        "images": images,
        "labels": np.arange(count),
        "segmentation_masks": rng.integers(0, 1000, (count, HEIGHT, WIDTH)).astype("int32"),
        "bounding_boxes": {"boxes": boxes, "labels": rng.integers(0, 9, (count, 3))},
        "keypoints": keypoints,
    }


def test_masks_take_the_very_pixels_that_the_image_takes(rng):
    batch = batch_of(rng)
    policy = RandAugment(3, 8, operations=MOVING, fill_value=0, fill_label=777, seed=1)
    result = policy.augment(batch, seed=2, index=np.arange(12))
    row, column, inside = np.moveaxis(result["images"].astype(int), -1, 0)
    image = np.arange(12)[:, None, None]
    expected = np.where(inside == 1, batch["segmentation_masks"][image, row, column], 777)
    np.testing.assert_array_equal(result["segmentation_masks"], expected)
    assert result["segmentation_masks"].dtype == "int32"
    assert 0.1 < (inside == 0).mean() < 0.6


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "bool"])
def test_masks_keep_shape_and_dtype_and_know_nothing_of_colour(dtype, rng):
    batch = batch_of(rng)
    masks = (batch["segmentation_masks"] % 12).astype(dtype)
    policy = RandAugment(2, 9, operations=["cutout", "invert", "brightness"], fill_label=1)
    images = rng.integers(0, 256, batch["images"].shape).astype("uint8")
    given = {"images": images, "segmentation_masks": masks[..., None]}
    result = policy.augment(given, seed=0, index=np.arange(12))
    np.testing.assert_array_equal(result["segmentation_masks"], masks[..., None])
    assert result["segmentation_masks"].dtype == dtype
    assert (result["images"] != images).any(axis=(1, 2, 3)).mean() > 0.5


def test_with_labels_or_without_the_images_are_the_same(rng):
    batch = batch_of(rng)
    policy = RandAugment(2, 9, operations=["rotate", "shear_y", "invert", "color"])
    result = policy.augment(batch, seed=0, index=np.arange(12))
    alone = policy.augment(batch["images"], seed=0, index=np.arange(12))
    np.testing.assert_array_equal(result["images"], alone)
    np.testing.assert_array_equal(result["labels"], batch["labels"])
    assert set(result) == set(batch)


def test_one_example_a_graph_and_a_policy_of_policies_agree(rng):
    batch = batch_of(rng)
    few = ("rotate", "translate_x", "flip_up_down")  # XLA compiles each four times
    child = {"operations": few, "bounding_box_format": "rel_xywh", "min_visibility": 0.2}
    policy = Sequence([RandAugment(1, 7, **child), RandAugment(1, 9, **child)])
    assert policy.bounding_box_format == "rel_xywh"
    batch["bounding_boxes"]["boxes"][..., 2:] = 0.4
    expected = policy.augment(batch, seed=5, index=np.arange(12))

    def check(found, expected, name):
        for one, other in zip(keras.tree.flatten(found), keras.tree.flatten(expected), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6, err_msg=name)

    dataset = tf.data.Dataset.from_tensor_slices(batch).enumerate().batch(6)
    dataset = dataset.map(lambda i, x: policy.augment(x, seed=5, index=i))
    parts = [keras.tree.map_structure(np.asarray, part) for part in dataset]
    check(keras.tree.map_structure(lambda *x: np.concatenate(x), *parts), expected, "graph")
    example = keras.tree.map_structure(lambda x: x[4], batch)
    alone = policy.augment(example, seed=5, index=4)
    check(alone, keras.tree.map_structure(lambda x: x[4], expected), "single")
    assert (expected["bounding_boxes"]["labels"] == -1).any()
    assert (expected["bounding_boxes"]["labels"] >= 0).any()


def test_arguments_survive_a_config():
    policy = RandAugment(fill_label=255, bounding_box_format="XYXY", min_visibility=0.1)
    config = RandAugment.from_config(policy.get_config()).get_config()
    assert config == policy.get_config()
    names = ("fill_label", "bounding_box_format", "min_visibility")
    assert [config[name] for name in names] == [255, "xyxy", 0.1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fill_label": 0.5}, "`fill_label` must be an integer. Received: fill_label=0.5"),
        ({"bounding_box_format": "ltrb"}, "`bounding_box_format` must be one of"),
        ({"min_visibility": 1}, r"`min_visibility` must be in \[0, 1\)"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        RandAugment(**arguments)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"segmentation_masks": np.zeros((2, 8, 8, 1))}, "`segmentation_masks` must be .*21, 34"),
        ({"segmentation_masks": np.zeros((2, 21, 34), "int8")}, "`fill_label` must fit .*int8"),
        ({"keypoints": np.zeros((2, 5, 4))}, "`keypoints` must be"),
        ({"bounding_boxes": {"boxes": np.zeros((2, 5, 4))}}, "dictionary of 'boxes' and 'labels'"),
        (
            {"bounding_boxes": {"boxes": np.zeros((2, 5, 4)), "labels": np.zeros((2, 5, 3))}},
            r"boxes \(batch, count, 4\) and labels",
        ),
        (
            {"bounding_boxes": {"boxes": np.zeros((2, 5, 4)), "labels": np.zeros((2, 5), "uint8")}},
            "must be signed numbers.*uint8",
        ),
        (
            {"bounding_boxes": {"boxes": np.full((2, 5, 4), 1.1), "labels": np.zeros((2, 5))}},
            "`bounding_boxes` must be within the image",
        ),
    ],
)
def test_bad_labels(features, message):
    batch = {"images": np.zeros((2, HEIGHT, WIDTH, 3), "uint8"), **features}
    with pytest.raises(ValueError, match=message):
        RandAugment(fill_label=255)(batch, training=True)


def test_places_cannot_follow_a_deformation(monkeypatch, rng):
    def waves(image, parameters, scene):
        return ops.roll(image, 1, axis=0)

    monkeypatch.setitem(OPERATIONS, "waves", Operation("waves", waves, is_deformation=True))
    batch = batch_of(rng)
    policy = RandAugment(1, operations=["waves"])
    alone = policy.augment({"images": batch["images"]}, seed=0, index=np.arange(12))
    np.testing.assert_array_equal(alone["images"], np.roll(batch["images"], 1, axis=1))
    for key in places.PLACES:
        given = {"images": batch["images"], key: batch[key]}
        with pytest.raises(ValueError, match=f"'waves' moves pixels.*{key}"):
            policy.augment(given, seed=0, index=np.arange(12))


def test_a_step_of_no_operation_moves_nothing():
    steps = program.Steps(np.array([[1]]), np.array([[0.5]]), np.zeros((1, 1, 0)))
    matrices = program.matrices_of(steps, ("rotate",), HEIGHT, WIDTH)
    np.testing.assert_array_equal(matrices, [[[1, 0, 0, 0, 1, 0, 0, 0]]])
