"""True two-dimensional convolution: the kernel is flipped."""

import keras

from kerasbook.layers.convolution.conv2d import Conv2D
from kerasbook.layers.convolution.true_convolution import TrueConvolution


@keras.saving.register_keras_serializable(package="kerasbook")
class TrueConv2D(TrueConvolution, Conv2D):
    """Convolves images as mathematics has it, with the kernel flipped downwards and sideways.

    `y[i, j, d] = activation(b[d] + sum_{u, v, c} x[s i + r (k - 1 - u), s j + r (k - 1 - v), c]
    w[u, v, c, d])` with `k` taps each way; all else is as in `Conv2D`, which flips nothing and
    gives the same for a kernel that is symmetric under a half turn.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or with the channels first.

    Returns:
        Tensor `(batch, new_height, new_width, filters)`, or with the channels first, in the
        layer's compute dtype.

    Example:
        >>> layer = kerasbook.layers.TrueConv2D(1, 2, use_bias=False)
        >>> layer.build((1, 3, 3, 1))
        >>> layer.set_weights([np.reshape([3, 2, 1, 0], (2, 2, 1, 1))])
        >>> np.asarray(layer(np.arange(9.0).reshape(1, 3, 3, 1)))[0, :, :, 0].tolist()
        [[19.0, 25.0], [37.0, 43.0]]

    Reference:
        Goodfellow et al., 2016, section 9.1, https://www.deeplearningbook.org/contents/convnets.html
    """
