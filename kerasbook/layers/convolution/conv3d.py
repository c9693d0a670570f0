"""Three-dimensional convolution, over volumes and videos."""

import keras

from kerasbook.layers.convolution.convolution import Convolution


@keras.saving.register_keras_serializable(package="kerasbook")
class Conv3D(Convolution):
    """Slides `filters` kernels through a volume and takes a weighted sum at each place.

    Sizes, strides and rates are three integers, depth first, or one for all; all else is as in
    `Conv2D`.

    Call arguments:
        inputs: Float tensor `(batch, depth, height, width, channels)`, or with the channels
            second and `data_format="channels_first"`.

    Returns:
        Tensor `(batch, new_depth, new_height, new_width, filters)`, or with the channels second,
        in the layer's compute dtype.

    Example:
        >>> layer = kerasbook.layers.Conv3D(8, (1, 3, 3), groups=2, dilation_rate=(1, 2, 2))
        >>> tuple(layer(np.ones((1, 4, 9, 9, 4), "float32")).shape)
        (1, 4, 5, 5, 8)
    """

    rank = 3
