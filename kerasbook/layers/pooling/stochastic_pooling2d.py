"""Pooling by a draw among the pixels of a window."""

import keras
from keras import ops

from kerasbook import ops as kernels
from kerasbook.layers.arguments import integer_seed
from kerasbook.layers.pooling.window_pooling2d import WindowPooling2D
from kerasbook.layers.told import of_pool


@keras.saving.register_keras_serializable(package="kerasbook")
class StochasticPooling2D(WindowPooling2D):
    """Draws one pixel of each window, the likelier the larger it is.

    With `p_i = x_i / sum_j x_j` over the pixels of a window, training gives `y = x_k` with `k`
    drawn from `p`, for every image, window and channel apart; otherwise `y = sum_i p_i x_i`. A
    negative pixel counts as zero and is never drawn; a window without a positive one gives 0.
    While training the gradient goes to the pixel drawn alone.

    Args:
        pool_size: Height and width of a window in pixels, or one integer for both.
        strides: Pixels between neighbouring windows, two integers or one; `None` takes
            `pool_size`.
        padding: `"valid"` pads nothing; `"same"` pads zeros, which are never drawn, to
            `ceil(size / stride)` outputs.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        seed: Integer seed; `None` draws a fresh one.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or `(batch, channels, height,
            width)` with `data_format="channels_first"`; as a rule the outputs of a ReLU.
        training: Whether to draw. Defaults to `False`.

    Returns:
        Tensor `(batch, new_height, new_width, channels)`, or with the channels first, in the
        layer's compute dtype.

    Raises:
        ValueError: If an argument is out of range, or a window larger than inputs of a static
            size under `"valid"` padding.

    Example:
        >>> x = np.array([[1, 0], [0, 3]], "float32").reshape(1, 2, 2, 1)
        >>> float(kerasbook.layers.StochasticPooling2D(2)(x)[0, 0, 0, 0])
        2.5

    Reference:
        Zeiler and Fergus, 2013, section 3, https://arxiv.org/abs/1301.3557. The paper's
        activations are never negative; what happens to negative ones is our choice.
    """

    receptive_field_steps = of_pool

    def __init__(
        self,
        pool_size=2,
        *,
        strides=None,
        padding="valid",
        data_format=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(
            pool_size, strides=strides, padding=padding, data_format=data_format, **kwargs
        )
        self.seed = integer_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if training:
            return self.apply(inputs, self.draw(ops.shape(inputs)))
        dtype = keras.backend.result_type(self.compute_dtype, "float32")
        x = ops.cast(ops.relu(self.to_channels_last(inputs)), dtype)
        # The padding's zeros change neither sum, and the counts of a mean cancel.
        sums = self._average(x)
        # A NaN is no zero, and stays.
        outputs = self._average(ops.square(x)) / ops.where(ops.equal(sums, 0), 1, sums)
        return self.from_channels_last(ops.cast(outputs, self.compute_dtype))

    def _average(self, x):
        return ops.average_pool(
            x, self.pool_size, self.strides, self.padding, data_format="channels_last"
        )

    def draw(self, input_shape, seed=None):
        """Draws one number in [0, 1) for each window, shaped as the outputs, channels last."""
        if seed is None:
            seed = self.seed_generator
        shape = self.compute_output_shape(tuple(input_shape))
        if self.data_format == "channels_first":
            shape = (shape[0], *shape[2:], shape[1])
        return kernels.random_uniform(shape, seed)

    def apply(self, inputs, draws):
        """Takes the first pixel at which the running sum exceeds the draw's share of all."""
        x = ops.relu(self.to_channels_last(inputs))
        taps = kernels.window_taps(x, self.pool_size, self.strides, self.padding, 0.0)
        dtype = keras.backend.result_type(self.compute_dtype, "float32")
        running = [ops.cast(ops.stop_gradient(taps[0]), dtype)]
        for tap in taps[1:]:
            running.append(running[-1] + ops.cast(ops.stop_gradient(tap), dtype))
        threshold = ops.cast(draws, dtype) * running[-1]
        # Nothing exceeds a NaN, which so hides nowhere.
        total = ops.cast(running[-1], taps[-1].dtype)
        outputs = ops.where(ops.isnan(total), total, taps[-1])
        for tap, total in zip(reversed(taps[:-1]), reversed(running[:-1]), strict=True):
            outputs = ops.where(total > threshold, tap, outputs)
        return self.from_channels_last(outputs)

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
