"""True one-dimensional convolution: the kernel is flipped."""

import keras

from kerasbook.layers.convolution.conv1d import Conv1D
from kerasbook.layers.convolution.true_convolution import TrueConvolution


@keras.saving.register_keras_serializable(package="kerasbook")
class TrueConv1D(TrueConvolution, Conv1D):
    """Convolves sequences as mathematics has it, with the kernel flipped.

    `y[i, d] = activation(b[d] + sum_{u, c} x[s i + r (k - 1 - u), c] w[u, c, d])` with `k` taps.
    With `padding="full"` and stride 1 this is `np.convolve`, with `padding="causal"` its
    beginning, the filter `y[i] = sum_u w[u] x[i - u]`. A symmetric kernel gives the same as
    `Conv1D`. Sizes and rates are one integer each; all else is as in `Conv2D`.

    Call arguments:
        inputs: Float tensor `(batch, steps, channels)`, or `(batch, channels, steps)` with
            `data_format="channels_first"`.

    Returns:
        Tensor `(batch, new_steps, filters)`, or with the channels first, in the layer's compute
        dtype.

    Example:
        >>> layer = kerasbook.layers.TrueConv1D(1, 3, padding="full", use_bias=False)
        >>> layer.build((1, 4, 1))
        >>> layer.set_weights([np.reshape([5, 6, 7], (3, 1, 1))])
        >>> np.asarray(layer(np.reshape([1.0, 2, 3, 4], (1, 4, 1)))).ravel().tolist()
        [5.0, 16.0, 34.0, 52.0, 45.0, 28.0]

    Reference:
        Goodfellow et al., 2016, section 9.1, https://www.deeplearningbook.org/contents/convnets.html
    """
