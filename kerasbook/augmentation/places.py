"""Labels that are places in an image: bounding boxes, keypoints and segmentation masks."""

import keras
import numpy as np
from keras import ops

from kerasbook.augmentation.boxes import cropped_boxes, moved_boxes, require_within, to_pixels
from kerasbook.augmentation.keypoints import cropped_keypoints, moved_keypoints
from kerasbook.augmentation.operations import get_operation
from kerasbook.ops import values_at_hand

PLACES = ("bounding_boxes", "keypoints", "segmentation_masks")


def has_places(batch):
    """Tells whether a batch has labels that move with the pixels."""
    return any(key in batch for key in PLACES)


def fill_label_of(value):
    """Returns `value` if it is an integer, else raises a `ValueError`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"`fill_label` must be an integer. Received: fill_label={value!r}")
    return value


def check(batch, augmentation):
    """Raises a `ValueError` unless an `ImageAugmentation` can move the labels of a batch."""
    for name in augmentation.operations:
        if get_operation(name).is_deformation:
            raise ValueError(
                f"`inputs` must have none of {PLACES}: {name!r} moves pixels as these cannot "
                f"follow. Received: keys {sorted(batch)}"
            )
    size = tuple(batch["images"].shape[1:3])
    if "segmentation_masks" in batch:
        _check_masks(batch["segmentation_masks"], size, augmentation.fill_label)
    if "bounding_boxes" in batch:
        _check_boxes(batch["bounding_boxes"], size, augmentation.bounding_box_format)
    if "keypoints" in batch:
        shape = tuple(batch["keypoints"].shape)
        if len(shape) != 3 or shape[-1] not in (2, 3):
            raise ValueError(
                "`keypoints` must be (batch, count, 2) or (batch, count, 3). "
                f"Received: shape={shape}"
            )


def masks_of(batch):
    """Returns a list of the masks of a batch, with an axis of channels, or of none."""
    if "segmentation_masks" not in batch:
        return []
    masks = batch["segmentation_masks"]
    return [masks if len(masks.shape) == 4 else masks[..., None]]


def boxes_of(batch, augmentation):
    """Returns a list of the boxes of a batch in pixels, padding of no size, or of none.

    Of none too, if no operation of the augmentation needs them.
    """
    needed = any(get_operation(name).needs_boxes for name in augmentation.operations)
    if not needed or "bounding_boxes" not in batch:
        return []
    given, size = batch["bounding_boxes"], ops.shape(batch["images"])[1:3]
    boxes = to_pixels(given["boxes"], augmentation.bounding_box_format, *size)
    return [ops.where(given["labels"][..., None] == -1, ops.zeros_like(boxes), boxes)]


def moved(batch, masks, matrices, augmentation):
    """Returns the labels of a batch that are places, where they belong after the steps.

    Args:
        batch: Dictionary of the features, the images as they were.
        masks: What has become of `masks_of(batch)`.
        matrices: Floats `(batch, steps, 8)`, as from `program.matrices_of`.
        augmentation: The `ImageAugmentation`, for its arguments.
    """
    result = _masks_result(batch, masks)
    height, width = ops.shape(batch["images"])[1:3]
    if "bounding_boxes" in batch:
        given = batch["bounding_boxes"]
        boxes, labels = moved_boxes(
            given["boxes"],
            given["labels"],
            matrices,
            height,
            width,
            box_format=augmentation.bounding_box_format,
            min_visibility=augmentation.min_visibility,
        )
        result["bounding_boxes"] = {**given, "boxes": boxes, "labels": labels}
    if "keypoints" in batch:
        result["keypoints"] = moved_keypoints(batch["keypoints"], matrices, height, width)
    return result


def cropped(batch, masks, window, size, augmentation):
    """Returns the labels of a batch that are places, where windows of the images show them.

    Args:
        batch: Dictionary of the features, the images as they were.
        masks: What has become of `masks_of(batch)`.
        window: Upper and left edge, height and width in pixels, `(batch, 4)`.
        size: Height and width of what becomes of the windows.
        augmentation: The `Crop`, for its arguments.
    """
    result = _masks_result(batch, masks)
    if "bounding_boxes" in batch:
        given = batch["bounding_boxes"]
        boxes, labels = cropped_boxes(
            given["boxes"],
            given["labels"],
            window,
            ops.shape(batch["images"])[1:3],
            size,
            box_format=augmentation.bounding_box_format,
            min_visibility=augmentation.min_visibility,
        )
        result["bounding_boxes"] = {**given, "boxes": boxes, "labels": labels}
    if "keypoints" in batch:
        result["keypoints"] = cropped_keypoints(batch["keypoints"], window, size)
    return result


def _masks_result(batch, masks):
    if not masks:
        return {}
    single = len(batch["segmentation_masks"].shape) == 3
    return {"segmentation_masks": masks[0][..., 0] if single else masks[0]}


def _check_masks(masks, size, fill_label):
    shape = tuple(masks.shape)
    known = all(None in pair or pair[0] == pair[1] for pair in zip(shape[1:3], size, strict=True))
    if len(shape) not in (3, 4) or not known:
        raise ValueError(
            "`segmentation_masks` must be (batch, height, width) or (batch, height, width, "
            f"channels), as large as the images, {size}. Received: shape={shape}"
        )
    dtype = keras.backend.standardize_dtype(masks.dtype)
    if "int" in dtype and not np.iinfo(dtype).min <= fill_label <= np.iinfo(dtype).max:
        raise ValueError(
            f"`fill_label` must fit the dtype of the masks, {dtype}. Received: "
            f"fill_label={fill_label}"
        )


def _check_boxes(given, size, box_format):
    if not isinstance(given, dict) or not {"boxes", "labels"} <= set(given):
        raise ValueError(
            "`bounding_boxes` must be a dictionary of 'boxes' and 'labels'. "
            f"Received: {sorted(given) if isinstance(given, dict) else type(given).__name__}"
        )
    boxes, labels = given["boxes"], given["labels"]
    if len(boxes.shape) != 3 or boxes.shape[-1] != 4 or len(labels.shape) != 2:
        raise ValueError(
            "`bounding_boxes` must have boxes (batch, count, 4) and labels (batch, count). "
            f"Received: shapes {tuple(boxes.shape)} and {tuple(labels.shape)}"
        )
    dtype = keras.backend.standardize_dtype(labels.dtype)
    if dtype == "bool" or dtype.startswith("uint"):
        raise ValueError(
            "The labels of `bounding_boxes` must be signed numbers, as padding has -1. "
            f"Received: dtype={dtype}"
        )
    values = values_at_hand([boxes, labels])
    if values is not None:
        require_within(*values, *size, box_format)
