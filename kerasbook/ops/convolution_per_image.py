"""Convolution of every image with a kernel of its own."""

import keras
from keras import ops

from kerasbook.ops.convolution import pad_ahead
from kerasbook.ops.windows import window_taps


def conv2d_per_image(
    inputs, kernel, *, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)
):
    """Cross-correlates every image with a kernel of its own.

    The pixels under the kernel are laid side by side, and one matrix product for each image does
    the rest.

    Args:
        inputs: As in `conv`.
        kernel: Float tensor `(batch, kernel_height, kernel_width, channels // groups, filters)`.
        strides: As in `conv`, like the other arguments.
        padding: As there.
        data_format: As there.
        dilation_rate: As there.

    Returns:
        Tensor as `conv` returns it.
    """
    data_format = data_format or keras.config.image_data_format()
    _, height, width, group_channels, filters = kernel.shape
    if padding == "full":
        inputs = pad_ahead(inputs, (height, width), padding, data_format, dilation_rate)
        padding = "valid"
    if data_format == "channels_first":
        inputs = ops.transpose(inputs, (0, 2, 3, 1))
    groups = inputs.shape[-1] // group_channels
    taps = window_taps(inputs, (height, width), strides, padding, 0, dilation_rate)
    batch, rows, columns, _ = ops.shape(taps[0])
    patches = ops.reshape(
        ops.stack(taps, axis=3), (batch, rows * columns, len(taps), groups, group_channels)
    )
    patches = ops.transpose(patches, (0, 3, 1, 2, 4))  # (batch, groups, places, taps, channels)
    patches = ops.reshape(patches, (batch, groups, rows * columns, len(taps) * group_channels))
    kernel = ops.reshape(kernel, (batch, len(taps) * group_channels, groups, filters // groups))
    outputs = ops.matmul(patches, ops.transpose(kernel, (0, 2, 1, 3)))
    outputs = ops.transpose(outputs, (0, 2, 1, 3))  # (batch, places, groups, filters // groups)
    outputs = ops.reshape(outputs, (batch, rows, columns, filters))
    return outputs if data_format == "channels_last" else ops.transpose(outputs, (0, 3, 1, 2))
