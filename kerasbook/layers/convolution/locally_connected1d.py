"""Convolution without shared weights over sequences."""

import keras

from kerasbook.layers.convolution.locally_connected import LocallyConnected


@keras.saving.register_keras_serializable(package="kerasbook")
class LocallyConnected1D(LocallyConnected):
    """Takes at each place of a sequence a weighted sum with weights of its own.

    One integer each for sizes, strides and rates; all else is as in
    `LocallyConnected2D`.

    Call arguments:
        inputs: Float tensor `(batch, steps, channels)`, or with the channels
            second, of static sizes but for the batch.

    Returns:
        Tensor `(batch, new_steps, filters)`, or with the channels second.

    Example:
        >>> layer = kerasbook.layers.LocallyConnected1D(8, 3)
        >>> tuple(layer(np.ones((1, 7, 4), "float32")).shape)
        (1, 5, 8)
    """

    rank = 1
