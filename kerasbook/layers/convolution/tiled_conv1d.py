"""Tiled convolution over sequences."""

import keras

from kerasbook.layers.convolution.tiled_convolution import TiledConvolution


@keras.saving.register_keras_serializable(package="kerasbook")
class TiledConv1D(TiledConvolution):
    """Convolves a sequence with `tile` kernels in turn, step `i` with kernel `i mod tile`.

    Sizes, strides, rates and the tile are one integer each; all else is as in `TiledConv2D`.

    Call arguments:
        inputs: Float tensor `(batch, steps, channels)`, or with the channels second.

    Returns:
        Tensor `(batch, new_steps, filters)`, or with the channels second.

    Example:
        >>> layer = kerasbook.layers.TiledConv1D(1, 1, tile=3, use_bias=False)
        >>> layer.build((None, 7, 1))
        >>> layer.set_weights([np.reshape([1, 2, 3], (1, 3, 1, 1))])
        >>> np.asarray(layer(np.ones((1, 7, 1), "float32"))).ravel().tolist()
        [1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0]
    """

    rank = 1
