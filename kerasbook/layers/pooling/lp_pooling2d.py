"""Pooling by the norm of a window."""

import keras

from kerasbook import ops
from kerasbook.layers.pooling.window_pooling2d import WindowPooling2D
from kerasbook.layers.told import of_pool


@keras.saving.register_keras_serializable(package="kerasbook")
class LpPooling2D(WindowPooling2D):
    """Takes the Lp norm of each window of an image, channel by channel.

    `y = (sum |x|^p)^(1/p)` over the pixels of the window, with `p = norm_type`: 2 is the
    Euclidean norm, 1 the sum of the magnitudes, and the larger `p`, the nearer the greatest
    magnitude. The gradient of a window of zeros is zero.

    Args:
        pool_size: Height and width of a window in pixels, or one integer for both.
        norm_type: The `p`, at least 1.
        strides: Pixels between neighbouring windows, two integers or one; `None` takes
            `pool_size`.
        padding: `"valid"` pads nothing; `"same"` pads zeros to `ceil(size / stride)` outputs.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or `(batch, channels, height,
            width)` with `data_format="channels_first"`. Powers are added in at least float32.

    Returns:
        Tensor `(batch, new_height, new_width, channels)`, or with the channels first, in the
        layer's compute dtype.

    Raises:
        ValueError: If an argument is out of range, or a window larger than inputs of a static
            size under `"valid"` padding.

    Example:
        >>> x = np.array([[3, 0], [0, 4]], "float32").reshape(1, 2, 2, 1)
        >>> float(kerasbook.layers.LpPooling2D(2)(x)[0, 0, 0, 0])
        5.0

    Reference:
        Sermanet et al., 2012, section 2.2, https://arxiv.org/abs/1204.3968, who weight the
        window's pixels. `torch.nn.LPPool2d` adds `x^p` without the magnitude, which for an odd
        `p` and negative inputs is no norm and may be NaN; for even `p` the numbers are equal.
    """

    receptive_field_steps = of_pool

    def __init__(
        self,
        pool_size=2,
        *,
        norm_type=2.0,
        strides=None,
        padding="valid",
        data_format=None,
        **kwargs,
    ):
        super().__init__(
            pool_size, strides=strides, padding=padding, data_format=data_format, **kwargs
        )
        number = isinstance(norm_type, (int, float)) and not isinstance(norm_type, bool)
        if not number or not 1 <= norm_type < float("inf"):
            raise ValueError(
                f"`norm_type` must be a finite number of at least 1. Received: {norm_type=}"
            )
        self.norm_type = norm_type

    def call(self, inputs):
        x = self.to_channels_last(inputs)
        outputs = ops.lp_pool(x, self.norm_type, self.pool_size, self.strides, self.padding)
        return self.from_channels_last(outputs)

    def get_config(self):
        return {**super().get_config(), "norm_type": self.norm_type}
