"""Dropout of whole squares of a feature map."""

import keras
from keras import ops

from kerasbook import ops as kernels
from kerasbook.layers.arguments import (
    data_format_of,
    integer_seed,
    positive_integer,
    rate_below_one,
)
from kerasbook.layers.told import position_wise


@keras.saving.register_keras_serializable(package="kerasbook")
class DropBlock2D(keras.layers.Layer):
    """Zeroes squares of a feature map, each channel its own.

    While training, a square of side `s = block_size` begins at each place where it fits with
    probability `gamma = rate / s^2 * h w / ((h - s + 1)(w - s + 1))`; `m` is 0 in the squares and 1
    elsewhere, and `y = x m / mean(m)` with the mean over the pixels and channels of the image, so
    that the sum of ones is kept. Otherwise `y = x`. As squares may overlap, the share that
    vanishes is at most about `rate`: without edges `1 - (1 - gamma)^(s^2)`.

    Args:
        rate: About the probability of zeroing a pixel, in `[0, 1)`.
        block_size: Side of the squares in pixels; 1 is dropout, but for the scale.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        seed: Integer seed; `None` draws a fresh one.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or `(batch, channels, height,
            width)` with `data_format="channels_first"`.
        training: Whether to drop. Defaults to `False`.

    Returns:
        Tensor with the shape and dtype of `inputs`.

    Raises:
        ValueError: If `rate` is not in [0, 1), `block_size` no positive integer, or larger than
            inputs of a static size.

    Example:
        >>> layer = kerasbook.layers.DropBlock2D(0.1, block_size=3)
        >>> tuple(layer(np.ones((2, 8, 9, 4), "float32"), training=True).shape)
        (2, 8, 9, 4)

    Reference:
        Ghiasi et al., 2018, section 3, algorithm 1, https://arxiv.org/abs/1810.12890. The paper
        takes the mean of `m` over the batch; here no image changes another's scale.
    """

    receptive_field_steps = position_wise
    works_in_place = True

    def __init__(self, rate, block_size=7, *, data_format=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate_below_one("rate", rate)
        self.block_size = positive_integer("block_size", block_size)
        self.data_format = data_format_of(data_format)
        self.seed = integer_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape):
        self._places(input_shape)

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        return self.apply(inputs, self.draw(ops.shape(inputs)))

    def draw(self, input_shape, seed=None):
        """Draws where squares begin: booleans, in height and width `block_size - 1` smaller."""
        if seed is None:
            seed = self.seed_generator
        places = self._places(input_shape)
        first = 1 if self.data_format == "channels_last" else 2
        height, width = input_shape[first : first + 2]
        pixels = ops.cast(height * width, "float32")
        share = pixels / ops.cast(places[first] * places[first + 1], "float32")
        gamma = self.rate / self.block_size**2 * share
        return kernels.random_uniform(places, seed) < gamma

    def apply(self, inputs, begins):
        """Zeroes the squares that begin, and divides by the mean of what is left."""
        dropped = ops.cast(begins, self.compute_dtype)
        margin = (self.block_size - 1,) * 2
        first = 1 if self.data_format == "channels_last" else 2
        sides = [(0, 0)] * 4
        sides[first] = sides[first + 1] = margin
        dropped = ops.pad(dropped, sides)
        for window in ((self.block_size, 1), (1, self.block_size)):  # two lines, not one square
            if self.block_size > 1:
                dropped = ops.max_pool(dropped, window, 1, data_format=self.data_format)
        axes = (1, 2, 3)
        dtype = keras.backend.result_type(self.compute_dtype, "float32")
        kept = 1 - ops.mean(ops.cast(dropped, dtype), axis=axes, keepdims=True)
        # Of an image without a pixel left nothing is divided.
        scale = ops.cast(1 / ops.where(kept > 0, kept, 1), inputs.dtype)
        return inputs * ((1 - ops.cast(dropped, inputs.dtype)) * scale)

    def _places(self, input_shape):
        """Returns the shape of the places where a square fits."""
        first = 1 if self.data_format == "channels_last" else 2
        sizes = [
            None if size is None else size - self.block_size + 1
            for size in input_shape[first : first + 2]
        ]
        if any(isinstance(size, int) and size < 1 for size in sizes):
            raise ValueError(
                "`block_size` must not be larger than the inputs. Received: "
                f"block_size={self.block_size}, input_shape={tuple(input_shape)}"
            )
        return (*input_shape[:first], *sizes, *input_shape[first + 2 :])

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "rate": self.rate,
            "block_size": self.block_size,
            "data_format": self.data_format,
            "seed": self.seed,
        }
