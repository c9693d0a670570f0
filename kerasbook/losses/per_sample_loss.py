"""What all losses share: weights that are per sample."""

import keras
from keras import ops


class PerSampleLoss(keras.losses.Loss):
    """Base of losses with one value for each row of `y_pred`, its last axis.

    A subclass returns the values `(batch, ...)` by `call`. Weights `(batch,)` of sequences are
    those of all their steps. Keras would take them for weights of the steps, the same in every
    sequence, or fail.
    """

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            shape = tuple(ops.shape(y_pred))[:-1]
            sample_weight = ops.convert_to_tensor(sample_weight, self.dtype)
            if len(sample_weight.shape) > len(shape):
                sample_weight = ops.squeeze(sample_weight, -1)
            missing = len(shape) - len(sample_weight.shape)
            sample_weight = ops.expand_dims(sample_weight, tuple(range(-missing, 0)))
            sample_weight = ops.broadcast_to(sample_weight, shape)
        return super().__call__(y_true, y_pred, sample_weight)
