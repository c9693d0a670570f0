"""Instance normalization: group normalization with one channel in each group."""

import keras

from kerasbook.layers.normalization.group_normalization import GroupNormalization


@keras.saving.register_keras_serializable(package="kerasbook")
class InstanceNormalization(GroupNormalization):
    """Normalizes each channel of each sample over its positions.

    `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`, mean and (biased) variance taken
    over the positions alone, with one `gamma` and `beta` per channel. This fixes `groups` to as
    many as channels, and takes names only; all else is as in `GroupNormalization`.

    Call arguments:
        inputs: Float tensor `(batch, ..., channels)` of rank 3 or more; the channels may
            stand elsewhere, see `axis`.

    Returns:
        Tensor with the shape of `inputs` in the layer's compute dtype.

    Raises:
        ValueError: If `epsilon` is not above 0, or the inputs have no positions.

    Example:
        >>> layer = kerasbook.layers.InstanceNormalization()
        >>> x = np.array([[[1, 10], [3, 30]]], "float32")
        >>> np.asarray(layer(x)).round(2).tolist()
        [[[-1.0, -1.0], [1.0, 1.0]]]

    Reference:
        Ulyanov et al., 2016, equation 1, https://arxiv.org/abs/1607.08022
    """

    def __init__(
        self,
        *,
        axis=-1,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        name=None,
        trainable=True,
        dtype=None,
    ):
        # No `**kwargs`, which would let `groups` through.
        super().__init__(
            groups=-1,
            axis=axis,
            epsilon=epsilon,
            center=center,
            scale=scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
            name=name,
            trainable=trainable,
            dtype=dtype,
        )

    def build(self, input_shape):
        if len(input_shape) < 3:
            raise ValueError(
                "The inputs must have positions to normalize over, rank 3 or more. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        super().build(input_shape)

    def get_config(self):
        config = super().get_config()
        del config["groups"]
        return config
