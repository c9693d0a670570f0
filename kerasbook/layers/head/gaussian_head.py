"""A head that returns a mean and a standard deviation for each output."""

import keras
from keras import ops

from kerasbook import ops as kernels
from kerasbook.layers.head.density_head import DensityHead


@keras.saving.register_keras_serializable(package="kerasbook")
class GaussianHead(DensityHead):
    """Returns a normal distribution of each output, its spread depending on the inputs, too.

    `p(y | x) = N(y | mean, scale^2)` with `mean = x W_m + b_m` and the standard deviation
    `scale = min_scale + softplus(x W_s + b_s)`, for each of `output_size` independent outputs. To
    train it, compile the model with `kerasbook.losses.GaussianNegativeLogLikelihood`.

    Args:
        output_size: How many numbers are predicted.
        min_scale: What a standard deviation cannot fall below, above 0, in the targets' unit.
        use_bias: Whether to add biases.
        kernel_initializer: Initializer of the kernel `(features, 2 * output_size)`.
        bias_initializer: Initializer of the bias.
        kernel_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        kernel_constraint: Projection of the kernel after an update.
        bias_constraint: Projection of the bias after an update.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`.

    Call arguments:
        inputs: Float tensor `(batch, ..., features)` of rank 2 or more.

    Returns:
        Tensor `(batch, ..., 2 * output_size)`, the means before the standard deviations, in
        float32 whatever the policy. The methods `split`, `mean`, `variance`, `log_prob`, `cdf` and
        `sample` take it.

    Raises:
        ValueError: If `output_size` is no positive integer, `min_scale` not above 0, or the
            features are unknown.

    Example:
        >>> head = kerasbook.layers.GaussianHead(1, kernel_initializer="zeros")
        >>> output = head(np.ones((2, 3), "float32"))
        >>> mean, scale = head.split(output)
        >>> np.asarray(scale).round(3)
        array([[0.694],
               [0.694]], dtype=float32)
        >>> tuple(head.sample(output, seed=1).shape), tuple(head.log_prob(output, mean).shape)
        ((2, 1), (2,))

    Reference:
        Nix and Weigend, 1994, https://doi.org/10.1109/ICNN.1994.374138. Theirs is an exponential
        of the variance; here softplus gives the standard deviation, as in Murphy, 2022,
        section 13.2.4.5, https://probml.github.io/pml-book/book1.html, and a floor stands below.
    """

    def __init__(
        self,
        output_size,
        *,
        min_scale=1e-3,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            output_size,
            min_scale=min_scale,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.mixture = kernels.Mixture(output_size)

    def split(self, output):
        """Returns means and standard deviations, each `(..., output_size)`."""
        return tuple(ops.split(self.packed(output), 2, axis=-1))
