"""Tiled convolution over images."""

import keras

from kerasbook.layers.convolution.tiled_convolution import TiledConvolution


@keras.saving.register_keras_serializable(package="kerasbook")
class TiledConv2D(TiledConvolution):
    """Convolves with a tile of kernels, which neighbouring places use in turn.

    `y[i, j, d] = activation(b[p, q, d] + sum_{u, v, c} x[s i + r u, s j + r v, c]
    w[u, v, p, q, c, d])` with `p = i mod t_h` and `q = j mod t_w` for a tile of `t_h` by `t_w`
    kernels, stride `s` and dilation rate `r`. Neighbours have different kernels, as in
    `LocallyConnected2D`, and places a tile apart have the same, as in `Conv2D`: the first is a
    tile as large as the output, the second a tile of 1. Weights are those of `Conv2D` times
    the places of the tile. The output need not be whole tiles; kernels beyond its size are
    never used.

    Args:
        filters: Number of output channels.
        kernel_size: Height and width of the kernel in taps, or one integer for both.
        tile: Height and width of the tile in places of the output, or one integer for both.
        **kwargs: All further arguments of `Conv2D` but `groups`, such as `strides`, `padding`
            and `activation`, by name.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or `(batch, channels, height,
            width)` with `data_format="channels_first"`.

    Returns:
        Tensor `(batch, new_height, new_width, filters)`, or with the channels first, in the
        layer's compute dtype.

    Raises:
        ValueError: If an argument is out of range, or the dilated kernel is larger than inputs
            of a static size under `"valid"` padding.

    Example:
        >>> layer = kerasbook.layers.TiledConv2D(8, 3, tile=2)
        >>> tuple(layer(np.ones((1, 7, 9, 4), "float32")).shape)
        (1, 5, 7, 8)
        >>> tuple(layer.kernel.shape), tuple(layer.bias.shape)
        ((3, 3, 2, 2, 4, 8), (2, 2, 8))

    Reference:
        Gregor and LeCun, 2010, https://arxiv.org/abs/1006.0448, and Goodfellow et al., 2016,
        section 9.5, https://www.deeplearningbook.org/contents/convnets.html, whose formula
        (9.10) this is, with biases that are tiled as well.
    """

    rank = 2
