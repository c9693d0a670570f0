"""The statistics that a batch normalization of any kind holds, read and set alike."""

import keras
import numpy as np

from kerasbook import layers

BATCH_NORMS = (keras.layers.BatchNormalization, layers.BatchRenormalization)


def get_statistics(norm):
    """Returns the mean and the variance, without epsilon, of each channel, in float64."""
    mean = float64(norm.moving_mean)
    if isinstance(norm, layers.BatchRenormalization):
        return mean, np.maximum(float64(norm.moving_deviation) ** 2 - norm.epsilon, 0)
    return mean, float64(norm.moving_variance)


def set_statistics(norm, mean, variance):
    """Sets the mean and the variance, without epsilon, of each channel."""
    variance = np.maximum(variance, 0)
    deviation = np.sqrt(variance + norm.epsilon)
    norm.moving_mean.assign(mean)
    if isinstance(norm, layers.BatchRenormalization):
        norm.moving_deviation.assign(deviation)
        return
    norm.moving_variance.assign(variance)
    if getattr(norm, "renorm", False):  # Keras' then makes the one of the other
        norm.moving_stddev.assign(deviation)


def float64(variable):
    """Returns a variable's value as a NumPy array in float64."""
    return keras.ops.convert_to_numpy(variable).astype("float64")
