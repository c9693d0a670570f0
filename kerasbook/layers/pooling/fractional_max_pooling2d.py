"""Max pooling by a ratio that need not be an integer."""

import math

import keras
from keras import ops

from kerasbook import ops as kernels
from kerasbook.layers.arguments import boolean, data_format_of, integer_seed

ROUNDING = 1 + 1e-12  # 33 / 1.1 falls short of 30


@keras.saving.register_keras_serializable(package="kerasbook")
class FractionalMaxPooling2D(keras.layers.Layer):
    """Takes the maxima of windows of two sizes, mixed so that the image shrinks by any ratio.

    Of `n` rows come `m = floor(n / pooling_ratio)`. Row `i` of the output is the maximum of the
    rows from `e_i` to `e_{i+1} - 1`, or to `e_{i+1}` if windows overlap, where `e_0 = 0`, `e_m =
    n` and all differences are `floor(n / m)` or `ceil(n / m)`; columns likewise. The pseudo-random
    edges are `e_i = ceil((i + u) n / m) - 1` with `u` drawn uniformly from where this holds; the
    random ones have those differences in random order. Every image has its own edges while
    training; otherwise they are the pseudo-random ones with `u` in the middle of its range.

    Args:
        pooling_ratio: Size of the inputs over that of the outputs, one number of at least 1 or
            one for the height and one for the width.
        overlapping: Whether neighbouring windows share the row or column between them.
        pseudo_random: Whether edges are evenly spread from a random start; else their
            differences are shuffled.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        seed: Integer seed; `None` draws a fresh one.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or `(batch, channels, height,
            width)` with `data_format="channels_first"`.
        training: Whether to draw the edges. Defaults to `False`.

    Returns:
        Tensor `(batch, new_height, new_width, channels)`, or with the channels first, in the
        layer's compute dtype.

    Raises:
        ValueError: If `pooling_ratio` is below 1, or larger than inputs of a static size.

    Example:
        >>> layer = kerasbook.layers.FractionalMaxPooling2D(1.5)
        >>> tuple(layer(np.ones((1, 25, 32, 3), "float32")).shape)
        (1, 16, 21, 3)

    Reference:
        Graham, 2014, section 2, https://arxiv.org/abs/1412.6071, who averages several random
        passes at test time. `tf.nn.fractional_max_pool` draws one pair of edges for the whole
        batch, in training and out of it.
    """

    def __init__(
        self,
        pooling_ratio=1.44,
        *,
        overlapping=False,
        pseudo_random=True,
        data_format=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        ratios = pooling_ratio if isinstance(pooling_ratio, (list, tuple)) else (pooling_ratio,) * 2
        numbers = all(isinstance(r, (int, float)) and not isinstance(r, bool) for r in ratios)
        if not numbers or len(ratios) != 2 or not all(1 <= r < math.inf for r in ratios):
            raise ValueError(
                "`pooling_ratio` must be a number of at least 1 or two of them. "
                f"Received: pooling_ratio={pooling_ratio!r}"
            )
        self.pooling_ratio = tuple(ratios)
        self.overlapping = boolean("overlapping", overlapping)
        self.pseudo_random = boolean("pseudo_random", pseudo_random)
        self.data_format = data_format_of(data_format)
        self.seed = integer_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape):
        self.compute_output_shape(input_shape)

    def call(self, inputs, training=False):
        shape = ops.shape(inputs)
        return self.apply(inputs, self.draw(shape) if training else self._middle(shape))

    def draw(self, input_shape, seed=None):
        """Draws the edges, int32 `(batch, rows + 1)` and `(batch, columns + 1)`."""
        if seed is None:
            seed = self.seed_generator
        sizes, lengths = self._sizes(input_shape), self._lengths(input_shape)
        counts = (1, 1) if self.pseudo_random else lengths
        numbers = kernels.random_uniform((input_shape[0], counts[0] + counts[1]), seed)
        parts = numbers[:, : counts[0]], numbers[:, counts[0] :]
        edges = _pseudo_random_edges if self.pseudo_random else _random_edges
        return tuple(edges(*args) for args in zip(parts, sizes, lengths, strict=True))

    def _middle(self, input_shape):
        middle = ops.full((input_shape[0], 1), 0.5, "float32")
        return tuple(
            _pseudo_random_edges(middle, size, length)
            for size, length in zip(
                self._sizes(input_shape), self._lengths(input_shape), strict=True
            )
        )

    def apply(self, inputs, edges):
        """Takes the maxima between the edges of rows and columns."""
        x = ops.cast(inputs, self.compute_dtype)
        if self.data_format == "channels_first":
            x = ops.transpose(x, (0, 2, 3, 1))
        batch, height, width, channels = ops.shape(x)
        rows, columns = self._lengths(ops.shape(inputs))
        x = ops.reshape(x, (batch * height, width * channels))
        starts, ends = self._windows(edges[0], height)
        image = ops.reshape(ops.arange(batch, dtype="int32"), (-1, 1)) * height
        taps = self._largest_window(0, height, rows)
        x = _maximum_from_to(x, image + starts, image + ends, taps)  # (batch, rows, w * c)

        x = ops.reshape(x, (batch * rows * width, channels))
        starts, ends = (ops.expand_dims(e, 1) for e in self._windows(edges[1], width))
        row = ops.reshape(ops.arange(batch * rows, dtype="int32"), (batch, rows, 1)) * width
        taps = self._largest_window(1, width, columns)
        x = _maximum_from_to(x, row + starts, row + ends, taps)  # (batch, rows, columns, c)
        return x if self.data_format == "channels_last" else ops.transpose(x, (0, 3, 1, 2))

    def _windows(self, edges, size):
        """Returns the first and the last index of each window."""
        edges = ops.cast(edges, "int32")
        last = ops.minimum(edges[:, 1:], size - 1) if self.overlapping else edges[:, 1:] - 1
        return edges[:, :-1], last

    def _largest_window(self, axis, size, length):
        """Returns how many pixels a window has at most; for unknown sizes a bound of it."""
        if isinstance(size, int):
            pixels = -(-size // length)
        else:
            pixels = math.ceil(2 * self.pooling_ratio[axis])
        return pixels + self.overlapping

    def _sizes(self, shape):
        first = 1 if self.data_format == "channels_last" else 2
        return shape[first : first + 2]

    def _lengths(self, shape):
        lengths = []
        for size, ratio in zip(self._sizes(shape), self.pooling_ratio, strict=True):
            if size is None or isinstance(size, int):
                lengths.append(None if size is None else math.floor(size / ratio * ROUNDING))
            else:
                lengths.append(
                    ops.cast(ops.floor(ops.cast(size, "float64") / ratio * ROUNDING), "int32")
                )
        return lengths

    def compute_output_shape(self, input_shape):
        lengths = self._lengths(input_shape)
        if any(length is not None and length < 1 for length in lengths):
            raise ValueError(
                "`pooling_ratio` must not be larger than the inputs. Received: "
                f"input_shape={tuple(input_shape)}, pooling_ratio={self.pooling_ratio}"
            )
        first = 1 if self.data_format == "channels_last" else 2
        return (*input_shape[:first], *lengths, *input_shape[first + 2 :])

    def get_config(self):
        return {
            **super().get_config(),
            "pooling_ratio": list(self.pooling_ratio),
            "overlapping": self.overlapping,
            "pseudo_random": self.pseudo_random,
            "data_format": self.data_format,
            "seed": self.seed,
        }


def _pseudo_random_edges(draws, size, length):
    """Returns the edges `(batch, length + 1)` for draws in [0, 1) `(batch, 1)`.

    The edges change where `u size` passes an integer only, so `u = j / size` is all that there
    is, and `ceil((i + u) size / length) - 1 = (i size + j - 1) // length` needs no rounding.
    """
    small = size // length
    # Beyond it the first window would be too large, or the last one too small.
    count = ops.minimum((small + 2) * length - size, size - (small - 1) * length)
    count = ops.cast(count, "int32")  # of Python's integers Keras may make int64
    before = ops.floor(draws * ops.cast(count, draws.dtype))  # j - 1
    before = ops.minimum(ops.cast(before, "int32"), count - 1)
    inner = (ops.arange(1, length, dtype="int32") * size + before) // length
    return _closed(inner, size)


def _random_edges(draws, size, length):
    """Returns the edges `(batch, length + 1)` for draws in [0, 1) `(batch, length)`."""
    ranks = ops.argsort(ops.argsort(draws, axis=1), axis=1)
    large = ops.cast(ranks < size % length, "int32")
    inner = ops.cumsum(large + size // length, axis=1)[:, :-1]
    return _closed(ops.cast(inner, "int32"), size)


def _closed(inner, size):
    """Puts the first and the last edge around those between."""
    first = ops.zeros((ops.shape(inner)[0], 1), "int32")
    return ops.concatenate([first, inner, first + size], axis=1)


def _maximum_from_to(x, starts, ends, taps):
    """Takes the greatest of the rows of `x (rows, values)` from `starts` to `ends` inclusive."""
    # A row that stands in a window twice, at its end, changes no maximum.
    places = ops.minimum(starts[..., None] + ops.arange(taps, dtype="int32"), ends[..., None])
    values = x.shape[-1] if isinstance(x.shape[-1], int) else ops.shape(x)[-1]
    windows = ops.reshape(ops.take(x, places, axis=0), (-1, taps, 1, values))
    maxima = ops.max_pool(windows, (taps, 1), (taps, 1), data_format="channels_last")
    return ops.reshape(maxima, (*ops.shape(starts), values))
