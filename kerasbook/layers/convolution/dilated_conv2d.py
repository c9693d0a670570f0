"""Dilated (atrous) convolution: taps with gaps between them."""

import keras

from kerasbook.layers.convolution.conv2d import Conv2D


@keras.saving.register_keras_serializable(package="kerasbook")
class DilatedConv2D(Conv2D):
    """Convolves with a kernel whose taps stand `dilation_rate` pixels apart.

    A kernel of `k` taps spans `(k - 1) * dilation_rate + 1` pixels at the cost of `k`. This is
    `Conv2D` with a dilation rate of 2 by default and padding that keeps the size; all else is
    as in `Conv2D`. (Some texts count the gaps instead: their 0 is rate 1.)

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.

    Returns:
        Tensor `(batch, new_height, new_width, filters)`, or with the channels first.

    Example:
        >>> layer = kerasbook.layers.DilatedConv2D(1, 3, kernel_initializer="ones")
        >>> x = np.zeros((1, 5, 5, 1), "float32")
        >>> x[0, 2, 2] = 1
        >>> np.asarray(layer(x))[0, :, 2, 0].tolist()
        [1.0, 0.0, 1.0, 0.0, 1.0]

    Reference:
        Yu and Koltun, 2016, section 2, https://arxiv.org/abs/1511.07122
    """

    def __init__(self, filters, kernel_size, *, dilation_rate=2, padding="same", **kwargs):
        super().__init__(
            filters, kernel_size, dilation_rate=dilation_rate, padding=padding, **kwargs
        )
