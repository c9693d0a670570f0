"""The way back from max pooling: maxima to where they stood."""

import keras
from keras import ops

from kerasbook import ops as kernels
from kerasbook.layers.arguments import positive_integers
from kerasbook.layers.pooling.window_pooling2d import WindowPooling2D


@keras.saving.register_keras_serializable(package="kerasbook")
class MaxUnpooling2D(WindowPooling2D):
    """Puts pooled values back to the places of their maxima, and zeros everywhere else.

    `y[row, column] = sum x_i` over the values whose index is `row * width + column`. Where
    windows overlap, several may have chosen one place, and their values are added: the layer is
    the adjoint of max pooling, and its gradient takes the values at the indices.

    Args:
        pool_size: Height and width of the pooling's windows, or one integer for both.
        strides: Pixels between neighbouring windows, two integers or one; `None` takes
            `pool_size`.
        padding: `"valid"` or `"same"`, as the pooling had.
        data_format: `"channels_last"` or `"channels_first"`; `None` takes Keras' setting.
        output_size: Height and width of the outputs, or one integer for both. `None` takes the
            least size that pools to the inputs' under `"valid"`, `(size - 1) * stride +
            pool_size`, and `size * stride` under `"same"`.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: List of the values `(batch, height, width, channels)` (with the channels first
            if `data_format` says so), of their indices, integers of the same shape as
            `MaxPoolingWithArgmax2D` returns them, and, if you like, of a tensor whose height and
            width the outputs take, such as what was pooled. An index speaks of the pooled
            image's width: where the sizes that `None` means are not that image's, give this
            tensor or `output_size`. An index beyond the outputs is an error, or lands in
            another image, as the backend has it.

    Returns:
        Tensor `(batch, new_height, new_width, channels)`, or with the channels first, in the
        layer's compute dtype.

    Raises:
        ValueError: If an argument is out of range, or `inputs` is no list of two or three
            tensors, the first two of one shape.

    Example:
        >>> x = np.array([[1, 5], [3, 4]], "float32").reshape(1, 2, 2, 1)
        >>> pooled = kerasbook.layers.MaxPoolingWithArgmax2D(2)(x)
        >>> np.asarray(kerasbook.layers.MaxUnpooling2D(2)(pooled))[0, :, :, 0].tolist()
        [[0.0, 5.0], [0.0, 0.0]]

    Reference:
        Zeiler and Fergus, 2014, section 2.1, https://arxiv.org/abs/1311.2901; Badrinarayanan et
        al., 2017, section 3, https://arxiv.org/abs/1511.00561. `torch.nn.MaxUnpool2d` keeps any
        one of several values for one place; without overlap the numbers are equal.
    """

    def __init__(
        self,
        pool_size=2,
        *,
        strides=None,
        padding="valid",
        data_format=None,
        output_size=None,
        **kwargs,
    ):
        super().__init__(
            pool_size, strides=strides, padding=padding, data_format=data_format, **kwargs
        )
        self.output_size = (
            None if output_size is None else positive_integers("output_size", output_size, 2)
        )
        self.input_spec = None  # of three inputs or two

    def call(self, inputs):
        values, indices, *like = inputs
        shape = ops.shape(values)
        height, width = self._sizes(shape, ops.shape(like[0]) if like else None)
        values = self.to_channels_last(values)
        if self.data_format == "channels_first":
            indices = ops.transpose(indices, (0, 2, 3, 1))
        return self.from_channels_last(kernels.max_unpool(values, indices, height, width))

    def _sizes(self, shape, like):
        """Returns the outputs' height and width from the values' shape and the like's, if any."""
        first = 1 if self.data_format == "channels_last" else 2
        if like is not None:
            return like[first : first + 2]
        if self.output_size is not None:
            return self.output_size
        overhang = self.pool_size if self.padding == "valid" else self.strides
        return tuple(
            None if size is None else (size - 1) * stride + extent
            for size, stride, extent in zip(
                shape[first : first + 2], self.strides, overhang, strict=True
            )
        )

    def compute_output_shape(self, input_shape):
        shapes = input_shape if isinstance(input_shape, (list, tuple)) else []
        ranks = [len(shape) if isinstance(shape, (list, tuple)) else 0 for shape in shapes]
        if ranks not in ([4, 4], [4, 4, 4]) or tuple(shapes[0]) != tuple(shapes[1]):
            raise ValueError(
                "`inputs` must be a list of values and indices of one shape of rank 4, and "
                f"perhaps of a third tensor of rank 4. Received: input_shape={input_shape}"
            )
        sizes = self._sizes(shapes[0], shapes[2] if len(shapes) > 2 else None)
        first = 1 if self.data_format == "channels_last" else 2
        return (*shapes[0][:first], *sizes, *shapes[0][first + 2 :])

    def get_config(self):
        size = None if self.output_size is None else list(self.output_size)
        return {**super().get_config(), "output_size": size}
