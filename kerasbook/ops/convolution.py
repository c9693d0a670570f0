"""Convolution in one to three dimensions with groups, and strides and dilation at once.

Keras' own operation handles all of it on JAX and torch. On TensorFlow it sends a grouped
convolution through XLA and has no gradient for some dtypes once it is dilated, so there the
kernels of `convolution_tensorflow` are used.
"""

import keras
from keras import ops

from kerasbook.arguments import require_floats

PADDINGS = ("valid", "same", "full")


def conv_output_length(length, kernel_size, stride=1, padding="valid", dilation_rate=1):
    """Returns the size of a convolution's output along one axis; `None` stays `None`.

    With the dilated kernel's extent `e = (kernel_size - 1) * dilation_rate + 1`, "valid" gives
    `floor((length - e) / stride) + 1`, "same" and "causal" give `ceil(length / stride)`, and
    "full", which pads `e - 1` on both sides, gives `floor((length + e - 2) / stride) + 1`.
    """
    if length is None:
        return None
    extent = (kernel_size - 1) * dilation_rate + 1
    if padding in ("same", "causal"):
        return -(-length // stride)
    if padding == "full":
        length += 2 * (extent - 1)
    return (length - extent) // stride + 1


def conv(inputs, kernel, *, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Cross-correlates inputs with a kernel; the shapes say how many groups there are.

    Args:
        inputs: Float tensor `(batch, ..., channels)` with one, two or three axes of space between,
            or `(batch, channels, ...)` with `data_format="channels_first"`.
        kernel: Float tensor `(..., channels // groups, filters)`, taps along the axes of space.
        strides: An integer, or one for each axis.
        padding: `"valid"` pads nothing, `"same"` as much as keeps `ceil(size / stride)`
            positions, `"full"` the dilated kernel's extent less one on both sides, `"causal"`
            as much before the inputs only.
        data_format: `"channels_last"`, `"channels_first"` or `None` for Keras' setting.
        dilation_rate: An integer, or one for each axis; 1 is an ordinary convolution.

    Returns:
        Tensor with the dtype of `inputs` and `filters` channels, sizes as
        `conv_output_length` says.
    """
    require_floats("inputs", inputs)
    data_format = data_format or keras.config.image_data_format()
    taps = tuple(kernel.shape[:-2])
    rank = len(taps)
    strides = (strides,) * rank if isinstance(strides, int) else tuple(strides)
    dilation_rate = (
        (dilation_rate,) * rank if isinstance(dilation_rate, int) else tuple(dilation_rate)
    )
    if padding in ("full", "causal"):
        margins = [(size - 1) * rate for size, rate in zip(taps, dilation_rate, strict=True)]
        sides = [(margin, margin if padding == "full" else 0) for margin in margins]
        first = 1 if data_format == "channels_last" else 2
        inputs = ops.pad(inputs, [(0, 0)] * first + sides + [(0, 0)] * (2 - first))
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

    # TensorFlow's CPU kernels know channels last only; on a GPU its layout pass undoes this.
    if data_format == "channels_first":
        inputs = ops.moveaxis(inputs, 1, -1)
    outputs = convolution_tensorflow.conv(inputs, kernel, strides, padding, dilation_rate)
    return outputs if data_format == "channels_last" else ops.moveaxis(outputs, -1, 1)
