"""Pooling of images of any size into a vector of one size."""

import itertools

import keras
from keras import ops

from kerasbook.layers.arguments import data_format_of, static_channels
from kerasbook.layers.told import all_positions

POOLINGS = ("max", "average")


@keras.saving.register_keras_serializable(package="kerasbook")
class SpatialPyramidPooling2D(keras.layers.Layer):
    """Pools an image over grids of `l x l` bins and strings the results together.

    Bin `i` of `l` covers the rows from `floor(i h / l)` to `ceil((i + 1) h / l) - 1` of `h`, and
    the columns likewise, so that every pixel is in a bin and every bin has a pixel, whatever the
    image's size. The outputs stand level by level, within a level row by row, then column by
    column, and then channel by channel, for both data formats.

    Args:
        levels: Numbers of bins along a side, positive integers.
        pooling: `"max"` or `"average"` of the pixels of a bin.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or `(batch, channels, height,
            width)` with `data_format="channels_first"`. Height and width may be unknown until
            the layer runs.

    Returns:
        Tensor `(batch, sum(l * l) * channels)` in the layer's compute dtype.

    Raises:
        ValueError: If `levels` are no positive integers, `pooling` or `data_format` is unknown,
            or the channels are.

    Example:
        >>> layer = kerasbook.layers.SpatialPyramidPooling2D((1, 2))
        >>> x = np.arange(9, dtype="float32").reshape(1, 3, 3, 1)
        >>> np.asarray(layer(x)).tolist()
        [[8.0, 4.0, 5.0, 7.0, 8.0]]

    Reference:
        He et al., 2014, section 2.2, https://arxiv.org/abs/1406.4729. Its windows of `ceil(h /
        l)` pixels every `floor(h / l)` may leave out the last rows; these bins, those of the
        authors' later work and of `torch.nn.AdaptiveMaxPool2d`, do not.
    """

    receptive_field_steps = all_positions

    def __init__(self, levels=(1, 2, 4), *, pooling="max", data_format=None, **kwargs):
        super().__init__(**kwargs)
        integers = isinstance(levels, (list, tuple)) and all(
            isinstance(level, int) and not isinstance(level, bool) and level > 0 for level in levels
        )
        if not integers or not levels:
            raise ValueError(f"`levels` must be positive integers. Received: levels={levels!r}")
        if pooling not in POOLINGS:
            raise ValueError(f"`pooling` must be one of {POOLINGS}. Received: pooling={pooling!r}")
        self.levels = tuple(levels)
        self.pooling = pooling
        self.data_format = data_format_of(data_format)
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape):
        self.compute_output_shape(input_shape)

    def call(self, inputs):
        x = ops.cast(inputs, self.compute_dtype)
        if self.data_format == "channels_first":
            x = ops.transpose(x, (0, 2, 3, 1))
        if self.pooling == "average":
            x = ops.cast(x, keras.backend.result_type(self.compute_dtype, "float32"))
        batch, channels = ops.shape(x)[0], x.shape[-1]
        parts = [
            ops.reshape(self._pool(x, level), (batch, level * level * channels))
            for level in self.levels
        ]
        return ops.cast(ops.concatenate(parts, axis=1), self.compute_dtype)

    def _pool(self, x, count):
        batch, height, width, channels = ops.shape(x)
        windows = [_even_bins(size, count) for size in (height, width)]
        if all(windows):  # one kernel for all bins
            pool = ops.max_pool if self.pooling == "max" else ops.average_pool
            sizes, strides = zip(*windows, strict=True)
            return pool(x, sizes, strides, data_format="channels_last")
        x = ops.reshape(x, (batch, height, width * channels))
        rows = ops.reshape(self._bins(x, height, count), (batch * count, width, channels))
        return ops.reshape(self._bins(rows, width, count), (batch, count, count, channels))

    def _bins(self, x, size, count):
        """Pools the middle axis of `x (batch, size, values)` into `count` bins."""
        empty = x.shape[0] == 0  # TensorFlow takes no maximum of nothing
        reduce = ops.max if self.pooling == "max" and not empty else ops.mean
        bins = [reduce(x[:, start:end], axis=1) for start, end in _edges(size, count)]
        return ops.stack(bins, axis=1)

    def compute_output_shape(self, input_shape):
        axis = -1 if self.data_format == "channels_last" else 1
        channels = static_channels(input_shape, axis)
        return (input_shape[0], sum(level * level for level in self.levels) * channels)

    def get_config(self):
        return {
            **super().get_config(),
            "levels": list(self.levels),
            "pooling": self.pooling,
            "data_format": self.data_format,
        }


def _edges(size, count):
    """Returns the first index of each bin and the one after its last, integers or tensors."""
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def _even_bins(size, count):
    """Returns size and stride of the bins if all are alike and the size is known, else `None`."""
    if not isinstance(size, int):
        return None
    edges = _edges(size, count)
    sizes = {end - start for start, end in edges}
    strides = {after[0] - before[0] for before, after in itertools.pairwise(edges)} or {size}
    even = len(sizes) == len(strides) == 1 and 0 not in strides
    return (sizes.pop(), strides.pop()) if even else None
