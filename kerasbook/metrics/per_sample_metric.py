"""What the metrics of predicted distributions share: a value per sample, and their means."""

import keras
import numpy as np
from keras import ops

from kerasbook.ops import values_at_hand


class PerSampleMetric(keras.metrics.MeanMetricWrapper):
    """Base of metrics that are the weighted mean of a value of each sample.

    A subclass writes `values`. Targets that are no numbers are an error where they have values,
    that is outside a compiled step, in which the result is NaN.
    """

    def __init__(self, name, dtype=None):
        super().__init__(self._checked_values, name=name, dtype=dtype)

    def values(self, targets, outputs):
        """Returns the samples' values `(batch, ...)` of float32 targets and outputs."""
        raise NotImplementedError

    def _checked_values(self, targets, outputs):
        targets, outputs = (
            ops.cast(ops.convert_to_tensor(x), "float32") for x in (targets, outputs)
        )
        require_numbers("y_true", targets)
        return self.values(targets, outputs)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}


def require_numbers(name, tensor):
    """Raises a `ValueError` if a tensor with values at hand holds NaN, and says how many."""
    arrays = values_at_hand([tensor])
    if arrays is not None:
        count = int(np.isnan(arrays[0]).sum())
        if count:
            raise ValueError(
                f"`{name}` must hold numbers. Received: {count} NaN of {arrays[0].size} values"
            )


def gaussian_of(targets, outputs):
    """Returns targets, means and standard deviations of one shape.

    Args:
        targets: Tensor `(batch, ..., size)`; with one number, the last axis may be missing.
        outputs: Tensor `(batch, ..., 2 * size)`, the means and then the standard deviations.

    Raises:
        ValueError: If the shapes do not go together.
    """
    doubled = outputs.shape[-1]
    if len(targets.shape) == len(outputs.shape) - 1 and doubled == 2:
        targets = targets[..., None]
    if len(targets.shape) != len(outputs.shape) or 2 * targets.shape[-1] != doubled:
        raise ValueError(
            "`y_pred` must hold a mean and a standard deviation for each target, all means first. "
            f"Received: y_pred of shape {tuple(outputs.shape)}, y_true of shape "
            f"{tuple(targets.shape)}"
        )
    means, scales = ops.split(outputs, 2, axis=-1)
    return targets, means, scales
