"""What an augmentation changes: images, alone or in a dictionary with their labels."""

import keras
import numpy as np
from keras import ops, tree

KEYS = ("images", "labels", "bounding_boxes", "segmentation_masks", "keypoints")


def as_batch(inputs, needs_batch=False):
    """Returns a batch as a dictionary, and the function that undoes this for a result.

    Args:
        inputs: Images of rank 4, or one image of rank 3; or a dictionary of features, all
            with a batch axis, or all without.
        needs_batch: Whether a single image is an error.

    Raises:
        ValueError: If the images have another rank, or are neither uint8 nor floats, or the
            number of channels is unknown.
    """
    require_images(inputs, needs_batch)
    features = inputs if isinstance(inputs, dict) else {"images": inputs}
    features = tree.map_structure(ops.convert_to_tensor, features)
    images = features["images"]
    shape, dtype = tuple(images.shape), keras.backend.standardize_dtype(images.dtype)
    if shape[-1] is None:
        raise ValueError(f"`images` must have a known number of channels. Received: shape={shape}")
    if dtype != "uint8" and not keras.backend.is_float_dtype(dtype):
        raise ValueError(f"`images` must be uint8 or floats. Received: dtype={dtype}")
    single = len(shape) == 3
    if single:
        features = tree.map_structure(lambda x: ops.expand_dims(x, 0), features)

    def restore(result):
        if single:
            result = tree.map_structure(lambda x: x[0], result)
        return result if isinstance(inputs, dict) else result["images"]

    return features, restore


def require_images(inputs, needs_batch=False):
    """Raises a `ValueError` unless there are images, of rank 4 or, without `needs_batch`, 3."""
    images = inputs.get("images") if isinstance(inputs, dict) else inputs
    if not hasattr(images, "shape"):
        received = f"keys {sorted(inputs)}" if isinstance(inputs, dict) else type(inputs).__name__
        raise ValueError(
            "`inputs` must be images, an array or a tensor, or a dictionary that has 'images'. "
            f"Received: {received}"
        )
    if len(images.shape) not in ((4,) if needs_batch else (3, 4)):
        single = "" if needs_batch else " or (height, width, channels)"
        raise ValueError(
            f"`images` must be (batch, height, width, channels){single}. "
            f"Received: shape={tuple(images.shape)}"
        )


def like(result, inputs):
    """Returns `result` as NumPy arrays if `inputs` are NumPy arrays."""
    if all(isinstance(x, np.ndarray) for x in tree.flatten(inputs)):
        return tree.map_structure(ops.convert_to_numpy, result)
    return result
