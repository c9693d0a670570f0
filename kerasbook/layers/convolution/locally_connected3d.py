"""Convolution without shared weights over volumes."""

import keras

from kerasbook.layers.convolution.locally_connected import LocallyConnected


@keras.saving.register_keras_serializable(package="kerasbook")
class LocallyConnected3D(LocallyConnected):
    """Takes at each place of a volume a weighted sum with weights of its own.

    Three integers each for sizes, strides and rates, or one for all; all else is as in
    `LocallyConnected2D`.

    Call arguments:
        inputs: Float tensor `(batch, depth, height, width, channels)`, or with the channels
            second, of static sizes but for the batch.

    Returns:
        Tensor `(batch, new_depth, new_height, new_width, filters)`, or with the channels second.

    Example:
        >>> layer = kerasbook.layers.LocallyConnected3D(8, 2)
        >>> tuple(layer(np.ones((1, 4, 5, 6, 2), "float32")).shape)
        (1, 3, 4, 5, 8)
    """

    rank = 3
