"""What the losses share that are the negative log-likelihood of a packed distribution."""

import keras
from keras import ops

from kerasbook import ops as kernels
from kerasbook.layers.arguments import number_of


class NegativeLogLikelihood(keras.losses.Loss):
    """Base of losses of packed outputs; the arguments are described in the mixture's.

    A subclass returns the distribution by the method `mixture(y_true, y_pred)`.
    """

    def __init__(self, *, gradient_limit, reduction, name, dtype):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if gradient_limit is not None:
            number_of("gradient_limit", gradient_limit, "None or above 0", lambda v: v > 0)
        self.gradient_limit = gradient_limit

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            # Keras would weigh the steps of every sequence by the weights of the samples, or fail.
            shape = tuple(ops.shape(y_pred))[:-1]
            sample_weight = ops.convert_to_tensor(sample_weight, self.dtype)
            if len(sample_weight.shape) > len(shape):
                sample_weight = ops.squeeze(sample_weight, axis=-1)
            missing = len(shape) - len(sample_weight.shape)
            sample_weight = ops.expand_dims(sample_weight, tuple(range(-missing, 0)))
            sample_weight = ops.broadcast_to(sample_weight, shape)
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true, y_pred):
        mixture = self.mixture(y_true, y_pred)
        return kernels.negative_log_likelihood(mixture, y_true, y_pred, self.gradient_limit)

    def get_config(self):
        return {**super().get_config(), "gradient_limit": self.gradient_limit}
