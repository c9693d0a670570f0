"""Convolution without shared weights over images."""

import keras

from kerasbook.layers.convolution.locally_connected import LocallyConnected


@keras.saving.register_keras_serializable(package="kerasbook")
class LocallyConnected2D(LocallyConnected):
    """Takes at each place of an image a weighted sum, with weights of its own.

    `y[i, j, d] = activation(b[i, j, d] + sum_{u, v, c} x[s i + r u, s j + r v, c]
    w[u, v, i, j, c, d])`: a convolution without weight sharing, for inputs such as centred faces,
    whose parts have their places. Each place has `kernel_height * kernel_width * channels *
    filters` weights and `filters` biases.

    Memory beyond weights, inputs and outputs and their gradients is less than those; the dense
    matrix from all inputs to all outputs is never made.

    Args:
        filters: Number of output channels.
        kernel_size: Height and width of the kernel in taps, or one integer for both.
        strides: Pixels between neighbouring outputs, two integers or one.
        padding: `"valid"` pads nothing; `"same"` pads to `ceil(size / stride)` outputs.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        dilation_rate: Pixels between neighbouring taps, two integers or one.
        activation: Function applied to the result, or `None`.
        use_bias: Whether to add a bias at each place.
        kernel_initializer: Initializer of the kernel. Those that look at the shape see the
            kernel of one place.
        bias_initializer: Initializer of the bias.
        kernel_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        activity_regularizer: Penalty on the outputs.
        kernel_constraint: Projection of the kernel after an update.
        bias_constraint: Projection of the bias after an update.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or `(batch, channels, height,
            width)` with `data_format="channels_first"`, of static sizes but for the batch.

    Returns:
        Tensor `(batch, new_height, new_width, filters)`, or with the channels first, in the
        layer's compute dtype.

    Raises:
        ValueError: If an argument is out of range, a size is not static, or the kernel is larger
            than the inputs under `"valid"` padding.

    Example:
        >>> layer = kerasbook.layers.LocallyConnected2D(8, 3)
        >>> tuple(layer(np.ones((1, 6, 7, 4), "float32")).shape)
        (1, 4, 5, 8)
        >>> tuple(layer.kernel.shape), tuple(layer.bias.shape)
        ((3, 3, 4, 5, 4, 8), (4, 5, 8))

    Reference:
        Taigman et al., 2014 (DeepFace), section 3.1, https://doi.org/10.1109/CVPR.2014.220.
        Keras had the layer up to version 2, without dilation; its kernel `(places, taps *
        channels, filters)` is ours with the places in front.
    """

    rank = 2
