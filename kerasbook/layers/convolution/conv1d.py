"""One-dimensional convolution, over sequences."""

import keras

from kerasbook.layers.convolution.convolution import Convolution


@keras.saving.register_keras_serializable(package="kerasbook")
class Conv1D(Convolution):
    """Slides `filters` kernels along a sequence and takes a weighted sum at each place.

    `y[i, d] = activation(b[d] + sum_{u, c} x[s i + r u, c] w[u, c, d])`. Sizes and rates are one
    integer each, and `padding="causal"` pads before the sequence only, so that no output sees
    a later input; all else is as in `Conv2D`.

    Call arguments:
        inputs: Float tensor `(batch, steps, channels)`, or `(batch, channels, steps)` with
            `data_format="channels_first"`.

    Returns:
        Tensor `(batch, new_steps, filters)`, or with the channels first, in the layer's compute
        dtype.

    Example:
        >>> layer = kerasbook.layers.Conv1D(8, 3, padding="causal", dilation_rate=2)
        >>> tuple(layer(np.ones((1, 17, 4), "float32")).shape)
        (1, 17, 8)
    """

    rank = 1
    paddings = (*Convolution.paddings, "causal")
