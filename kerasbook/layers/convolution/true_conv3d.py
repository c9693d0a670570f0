"""True three-dimensional convolution: the kernel is flipped."""

import keras

from kerasbook.layers.convolution.conv3d import Conv3D
from kerasbook.layers.convolution.true_convolution import TrueConvolution


@keras.saving.register_keras_serializable(package="kerasbook")
class TrueConv3D(TrueConvolution, Conv3D):
    """Convolves volumes as mathematics has it, with the kernel flipped along all three axes.

    The formula is that of `TrueConv2D` with one more axis, the depth before the others; all else
    is as in `Conv2D`.

    Call arguments:
        inputs: Float tensor `(batch, depth, height, width, channels)`, or with the channels
            second and `data_format="channels_first"`.

    Returns:
        Tensor `(batch, new_depth, new_height, new_width, filters)`, or with the channels second,
        in the layer's compute dtype.

    Example:
        >>> layer = kerasbook.layers.TrueConv3D(8, 3, padding="full")
        >>> tuple(layer(np.ones((1, 4, 5, 6, 2), "float32")).shape)
        (1, 6, 7, 8, 8)

    Reference:
        Goodfellow et al., 2016, section 9.1, https://www.deeplearningbook.org/contents/convnets.html
    """
