"""What the metrics of predicted distributions share: a value per sample, and their means."""

import keras
from keras import ops

from kerasbook.ops import refuse_nan


class PerSampleMetric(keras.metrics.MeanMetricWrapper):
    """Base of metrics that are the weighted mean of a value of each sample.

    A subclass writes `values`. NaN targets are an error, see `kerasbook.ops.refuse_nan`.
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
        return self.values(refuse_nan("y_true", targets), outputs)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}


class HeadMetric(PerSampleMetric):
    """Base of those that ask a head, or, without one, take outputs for normal distributions.

    A subclass sets `method`, the name of what a head must have. Of the head its arguments are
    asked, not its weights.
    """

    method = None

    def __init__(self, head, name, dtype=None):
        super().__init__(name, dtype)
        if head is not None and not hasattr(head, self.method):
            raise ValueError(
                f"`head` must have a method `{self.method}`, or be None. "
                f"Received: head={getattr(head, 'name', head)!r} of class {type(head).__name__}"
            )
        self.head = head

    def get_config(self):
        return {**super().get_config(), "head": keras.saving.serialize_keras_object(self.head)}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "head": keras.saving.deserialize_keras_object(config["head"])})


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
