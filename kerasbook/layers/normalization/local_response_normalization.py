"""Local response normalization: neighbouring channels inhibit each other."""

import keras
from keras import ops

from kerasbook import ops as kernels
from kerasbook.layers.arguments import number_of, positive_integer, static_channels
from kerasbook.layers.told import along_axis


@keras.saving.register_keras_serializable(package="kerasbook")
class LocalResponseNormalization(keras.layers.Layer):
    """Divides each value by a power of the squares of its neighbours in the channels.

    `y[i] = x[i] / (bias + alpha sum_j x[j]^2) ^ beta`, the sum over the `size` channels from
    `i - size // 2` to `i + (size - 1) // 2`, as far as there are any. It has no weights. Where
    the square of one channel is not finite, all channels of that place are NaN.

    `alpha` is *not* divided by `size`, as in the paper and in TensorFlow, whose
    `depth_radius=r` is `size=2 r + 1`. torch and Caffe divide it: `average=True`.

    Args:
        size: Number of neighbouring channels in the sum, `x[i]` among them.
        bias: What the sum is added to, above 0.
        alpha: Weight of the sum, 0 or above.
        beta: The power, 0 or above. 0.5, 0.75 and 1 are the fastest.
        average: Whether to divide `alpha` by `size`, also where a border leaves fewer channels.
        axis: The channel axis.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, ..., channels)` of rank 2 or more; the channels may
            stand elsewhere, see `axis`. The squares are summed in at least float32. A mask is
            passed on where the channels stand last.

    Returns:
        Tensor with the shape of `inputs` in the layer's compute dtype.

    Raises:
        ValueError: If an argument is out of range, or `axis` is no axis of the inputs but the
            batch's, or has no static size.

    Example:
        >>> layer = kerasbook.layers.LocalResponseNormalization(3, bias=1, alpha=1, beta=0.5)
        >>> x = np.array([[2, 2, 4]], "float32")  # the roots of 1 + 8, 1 + 24 and 1 + 20
        >>> print(np.asarray(layer(x)).round(2))
        [[0.67 0.4  0.87]]

    Reference:
        Krizhevsky et al., 2012, section 3.3, https://papers.nips.cc/paper/4824. The defaults are
        theirs; with an even `size` the window has `size` channels, as in torch, theirs one more.
    """

    receptive_field_steps = along_axis

    def __init__(
        self, size=5, *, bias=2.0, alpha=1e-4, beta=0.75, average=False, axis=-1, **kwargs
    ):
        super().__init__(**kwargs)
        self.size = positive_integer("size", size)
        self.bias = number_of("bias", bias, "above 0", lambda x: x > 0)
        self.alpha = number_of("alpha", alpha, "0 or above", lambda x: x >= 0)
        self.beta = number_of("beta", beta, "0 or above", lambda x: x >= 0)
        self.average = average
        self.axis = axis

    def build(self, input_shape):
        channels = static_channels(input_shape, self.axis)
        self.input_spec = keras.layers.InputSpec(ndim=len(input_shape), axes={self.axis: channels})
        self.supports_masking = self.axis % len(input_shape) == len(input_shape) - 1

    def call(self, inputs):
        last = self.axis % len(inputs.shape) == len(inputs.shape) - 1
        inputs = ops.cast(inputs, self.compute_dtype)
        x = inputs if last else ops.moveaxis(inputs, self.axis, -1)
        alpha = self.alpha / self.size if self.average else self.alpha
        outputs = kernels.local_response_normalization(
            x, self.size, bias=self.bias, alpha=alpha, beta=self.beta
        )
        return outputs if last else ops.moveaxis(outputs, -1, self.axis)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "bias": self.bias,
            "alpha": self.alpha,
            "beta": self.beta,
            "average": self.average,
            "axis": self.axis,
        }
