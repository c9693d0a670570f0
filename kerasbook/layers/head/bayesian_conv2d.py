"""A 2-D convolution whose weights are normal distributions."""

import keras

from kerasbook.layers.convolution.conv2d import Conv2D
from kerasbook.layers.head.bayesian import Bayesian


@keras.saving.register_keras_serializable(package="kerasbook")
class BayesianConv2D(Bayesian, Conv2D):
    """A 2-D convolution that learns a normal distribution of every weight.

    The convolution of `Conv2D` with weights `N(mu, sigma^2)`, `sigma = softplus(rho)`, which are
    drawn while training and are their means otherwise; each call adds the loss
    `KL / num_examples`. What `BayesianDense` says of it holds here.

    Local reparameterization draws the outputs of every place with the right mean and variance,
    that is the convolutions of `x` with `mu` and of `x^2` with `sigma^2`, but each by itself,
    while places that a drawn kernel makes go together. Flipout keeps that: all places of an
    image see one kernel.

    Args:
        filters: Number of output channels, a multiple of `groups`.
        kernel_size: Height and width of the kernel in taps, or one integer for both.
        num_examples: Number of examples in the training data, by which the divergence is divided.
        estimator: `"local_reparameterization"` or `"flipout"`.
        prior_scale: Standard deviation of the prior, above 0.
        initial_scale: Standard deviation of every weight at the start, above 0.
        sampling: Whether to draw outside training, too.
        seed: Integer seed; `None` draws a fresh one.
        **kwargs: All further arguments of `Conv2D`; initializers, regularizers and constraints
            are those of the means.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, or `(batch, channels, height,
            width)` with `data_format="channels_first"`; `channels` a multiple of `groups`.
        training: Whether to draw in spite of `sampling=False`. Defaults to `False`.

    Returns:
        Tensor `(batch, new_height, new_width, filters)`, or with the channels first, in the
        layer's compute dtype.

    Raises:
        ValueError: If `num_examples` is no positive integer, a scale not above 0, `estimator` none
            of the two, or as `Conv2D` does.

    Example:
        >>> layer = kerasbook.layers.BayesianConv2D(4, 3, num_examples=1000)
        >>> tuple(layer(np.ones((2, 8, 9, 3), "float32"), training=True).shape)
        (2, 6, 7, 4)

    Reference:
        Shridhar et al., 2019, section 3, https://arxiv.org/abs/1901.02731, by local
        reparameterization; Wen et al., 2018, section 3.1, https://arxiv.org/abs/1803.04386
    """

    def __init__(
        self,
        filters,
        kernel_size,
        *,
        num_examples,
        estimator="local_reparameterization",
        prior_scale=1.0,
        initial_scale=0.05,
        sampling=False,
        seed=None,
        **kwargs,
    ):
        super().__init__(
            filters=filters,
            kernel_size=kernel_size,
            num_examples=num_examples,
            estimator=estimator,
            prior_scale=prior_scale,
            initial_scale=initial_scale,
            sampling=sampling,
            seed=seed,
            **kwargs,
        )
        self.channel_axis = -1 if self.data_format == "channels_last" else 1

    def linear(self, inputs, kernel):
        return self.slide(inputs, kernel)
