"""Two-dimensional convolution: Keras' own, with fast groups and fewer restrictions."""

import keras

from kerasbook.layers.convolution.convolution import Convolution


@keras.saving.register_keras_serializable(package="kerasbook")
class Conv2D(Convolution):
    """Slides `filters` kernels over an image and takes a weighted sum at each place.

    `y[i, j, d] = activation(b[d] + sum_{u, v, c} x[s i + r u, s j + r v, c] w[u, v, c, d])`
    with stride `s` and dilation rate `r`; with groups, `c` runs over the channels of the group
    that `d` belongs to. The kernel is not flipped.

    Args:
        filters: Number of output channels, a multiple of `groups`.
        kernel_size: Height and width of the kernel in taps, or one integer for both.
        strides: Pixels between neighbouring outputs, two integers or one.
        padding: `"valid"` pads nothing; `"same"` pads to `ceil(size / stride)` outputs; `"full"`
            pads the dilated kernel's extent less one on every side, so that every pixel is
            seen by every tap.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        dilation_rate: Pixels between neighbouring taps, two integers or one; 1 is ordinary.
        groups: Number of groups of channels that are convolved apart. Weights and
            multiply-adds divide by it.
        activation: Function applied to the result, or `None`.
        use_bias: Whether to add a bias.
        kernel_initializer: Initializer of the kernel.
        bias_initializer: Initializer of the bias.
        kernel_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        activity_regularizer: Penalty on the outputs.
        kernel_constraint: Projection of the kernel after an update.
        bias_constraint: Projection of the bias after an update.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or `(batch, channels, height,
            width)` with `data_format="channels_first"`; `channels` a multiple of `groups`.

    Returns:
        Tensor `(batch, new_height, new_width, filters)`, or with the channels first, in the
        layer's compute dtype.

    Raises:
        ValueError: If an argument is out of range, `groups` does not divide the channels, or
            the dilated kernel is larger than inputs of a static size under `"valid"` padding.

    Example:
        >>> layer = kerasbook.layers.Conv2D(8, 3, strides=2, dilation_rate=2, groups=4)
        >>> tuple(layer(np.ones((1, 17, 17, 4), "float32")).shape)
        (1, 7, 7, 8)

    Reference:
        LeCun et al., 1998, section II, https://doi.org/10.1109/5.726791; groups: Krizhevsky
        et al., 2012, section 3.2. Arguments (in Keras' order, all of them allowed without
        their names), variables and numbers are those of `keras.layers.Conv2D`, which has
        neither `"full"` nor strides and dilation at once; only its `lora_rank` is left out.
    """

    rank = 2
