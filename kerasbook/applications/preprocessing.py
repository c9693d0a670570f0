"""The scalings of images that published weights expect, by name.

| name | result, for pixels in [0, 255] |
| --- | --- |
| `"caffe"` | channels blue, green, red, less their means over ImageNet |
| `"tf"` | `x / 127.5 - 1`, in [-1, 1] |
| `"signed"` | `x / 128 - 1`, in [-1, 1) |
| `"torch"` | `x / 255`, less the means and divided by the deviations over ImageNet |
| `"unit"` | `x / 255`, in [0, 1] |
| `"none"` | the pixels as they are |
"""

import keras
import numpy as np
from keras import ops

MEANS = (0.485, 0.456, 0.406)  # red, green, blue, over ImageNet, of [0, 1]
DEVIATIONS = (0.229, 0.224, 0.225)
BLUE_GREEN_RED_MEANS = (103.939, 116.779, 123.68)  # of [0, 255]
SCALINGS = ("caffe", "tf", "signed", "torch", "unit", "none")


def scaled(images, scaling):
    """Scales images of the range [0, 255].

    Args:
        images: Tensor or array `(..., height, width, channels)` of any numeric dtype, or a
            symbolic tensor. `"caffe"` and `"torch"` are for 3 channels.
        scaling: One of `"caffe"`, `"tf"`, `"signed"`, `"torch"`, `"unit"`, `"none"`.

    Returns:
        Floats, of Keras' `floatx` where the images are integers, as what came in: NumPy, tensor
        or symbolic.

    Raises:
        ValueError: If the scaling is unknown, or the channels are not those that it is for.
    """
    if scaling not in SCALINGS:
        raise ValueError(f"`scaling` must be one of {SCALINGS}. Received: scaling={scaling!r}")
    if not hasattr(images, "dtype"):
        images = np.asarray(images)
    if scaling in ("caffe", "torch") and (not images.shape or images.shape[-1] != 3):
        raise ValueError(
            f"`images` must have 3 channels for the scaling {scaling!r}. "
            f"Received: images of the shape {tuple(images.shape)}"
        )
    if isinstance(images, np.ndarray):
        return ops.convert_to_numpy(scaled(ops.convert_to_tensor(images), scaling))
    dtype = keras.backend.standardize_dtype(images.dtype)
    x = images if "float" in dtype else ops.cast(images, keras.config.floatx())
    if scaling == "caffe":
        return ops.flip(x, axis=-1) - ops.convert_to_tensor(BLUE_GREEN_RED_MEANS, x.dtype)
    if scaling == "tf":
        return x / 127.5 - 1.0
    if scaling == "signed":
        return x / 128.0 - 1.0
    if scaling == "torch":
        scale = [1 / (255 * deviation) for deviation in DEVIATIONS]
        shift = [mean / deviation for mean, deviation in zip(MEANS, DEVIATIONS, strict=True)]
        return x * ops.convert_to_tensor(scale, x.dtype) - ops.convert_to_tensor(shift, x.dtype)
    return x / 255.0 if scaling == "unit" else x
