"""What the layers that pool over windows share: the windows."""

import keras
from keras import ops

from kerasbook.layers.arguments import data_format_of, positive_integers
from kerasbook.ops import conv_output_length

PADDINGS = ("valid", "same")


class WindowPooling2D(keras.layers.Layer):
    """Base of layers that make one value of each window and channel of an image.

    Args:
        pool_size: Height and width of a window in pixels, or one integer for both.
        strides: Pixels between neighbouring windows, two integers or one; `None` takes
            `pool_size`.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        **kwargs: Passed to `keras.layers.Layer`.
    """

    def __init__(self, pool_size=2, *, strides=None, padding="valid", data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.pool_size = positive_integers("pool_size", pool_size, 2)
        self.strides = (
            self.pool_size if strides is None else positive_integers("strides", strides, 2)
        )
        self.padding = padding.lower() if isinstance(padding, str) else padding
        if self.padding not in PADDINGS:
            raise ValueError(f"`padding` must be one of {PADDINGS}. Received: padding={padding!r}")
        self.data_format = data_format_of(data_format)
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape):
        self.compute_output_shape(input_shape)

    def to_channels_last(self, inputs):
        """Returns images in the compute dtype with the channels last."""
        inputs = ops.cast(inputs, self.compute_dtype)
        if self.data_format == "channels_last":
            return inputs
        return ops.transpose(inputs, (0, 2, 3, 1))

    def from_channels_last(self, outputs):
        """Returns images in the data format of the layer."""
        if self.data_format == "channels_last":
            return outputs
        return ops.transpose(outputs, (0, 3, 1, 2))

    def compute_output_shape(self, input_shape):
        first = 1 if self.data_format == "channels_last" else 2
        sizes = [
            conv_output_length(size, extent, stride, self.padding)
            for size, extent, stride in zip(
                input_shape[first : first + 2], self.pool_size, self.strides, strict=True
            )
        ]
        if any(isinstance(size, int) and size < 1 for size in sizes):
            raise ValueError(
                "`pool_size` must not be larger than the inputs. "
                f"Received: input_shape={tuple(input_shape)}, pool_size={self.pool_size}"
            )
        return (*input_shape[:first], *sizes, *input_shape[first + 2 :])

    def get_config(self):
        return {
            **super().get_config(),
            "pool_size": list(self.pool_size),
            "strides": list(self.strides),
            "padding": self.padding,
            "data_format": self.data_format,
        }
