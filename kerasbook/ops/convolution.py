"""Two-dimensional convolution with groups, and strides and dilation at once, on any backend.

Keras' own operation handles all of it on JAX and torch. On TensorFlow it sends a grouped
convolution through XLA and has no gradient for some dtypes once it is dilated, so there the
kernels of `convolution_tensorflow` are used.
"""

import keras
from keras import ops

PADDINGS = ("valid", "same", "full")


def conv_output_length(length, kernel_size, stride=1, padding="valid", dilation_rate=1):
    """Returns the size of a convolution's output along one axis; `None` stays `None`.

    With the dilated kernel's extent `e = (kernel_size - 1) * dilation_rate + 1`, "valid" gives
    `floor((length - e) / stride) + 1`, "same" gives `ceil(length / stride)`, and "full", which
    pads `e - 1` on both sides, gives `floor((length + e - 2) / stride) + 1`.
    """
    if length is None:
        return None
    extent = (kernel_size - 1) * dilation_rate + 1
    if padding == "same":
        return -(-length // stride)
    if padding == "full":
        length += 2 * (extent - 1)
    return (length - extent) // stride + 1


def conv2d(
    inputs, kernel, *, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)
):
    """Cross-correlates images with a kernel; the shapes say how many groups there are.

    Args:
        inputs: Float tensor `(batch, height, width, channels)`, or `(batch, channels, height,
            width)` with `data_format="channels_first"`.
        kernel: Float tensor `(kernel_height, kernel_width, channels // groups, filters)`.
        strides: Two integers, pixels.
        padding: `"valid"` pads nothing, `"same"` as much as keeps `ceil(size / stride)`
            positions, `"full"` the dilated kernel's extent less one on both sides.
        data_format: `"channels_last"`, `"channels_first"` or `None` for Keras' setting.
        dilation_rate: Two integers; 1 is an ordinary convolution.

    Returns:
        Tensor with the dtype of `inputs` and `filters` channels, sizes as
        `conv_output_length` says.
    """
    data_format = data_format or keras.config.image_data_format()
    if padding == "full":
        margins = [
            ((size - 1) * rate,) * 2
            for size, rate in zip(kernel.shape[:2], dilation_rate, strict=True)
        ]
        sides = [(0, 0), *margins, (0, 0)]
        if data_format == "channels_first":
            sides = [(0, 0), (0, 0), *margins]
        inputs = ops.pad(inputs, sides)
        padding = "valid"
    if keras.backend.backend() != "tensorflow":
        return ops.conv(
            inputs,
            kernel,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
        )
    from kerasbook.ops import convolution_tensorflow

    if data_format == "channels_last":
        return convolution_tensorflow.conv2d(inputs, kernel, strides, padding, dilation_rate)
    # TensorFlow's CPU kernels know channels last only; on a GPU its layout pass undoes this.
    inputs = ops.transpose(inputs, (0, 2, 3, 1))
    outputs = convolution_tensorflow.conv2d(inputs, kernel, strides, padding, dilation_rate)
    return ops.transpose(outputs, (0, 3, 1, 2))
