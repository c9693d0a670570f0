"""A dense layer whose weights are normal distributions."""

import keras
from keras import activations, ops

from kerasbook.layers.affine import Affine
from kerasbook.layers.head.bayesian import Bayesian


@keras.saving.register_keras_serializable(package="kerasbook")
class BayesianDense(Bayesian, Affine):
    """A dense layer that learns a normal distribution of every weight (variational inference).

    `y = activation(x W + b)` with `W ~ N(mu, sigma^2)`, `sigma = softplus(rho)`, and `b` likewise.
    While training, the weights are drawn; otherwise they are their means. Each call adds the loss

    `KL / num_examples`, `KL = sum(log(s / sigma) + (sigma^2 + mu^2) / (2 s^2) - 1/2)`,

    the divergence from the prior `N(0, s^2)`. Keras' losses are means over the batch; so if the
    model's loss is a negative log-likelihood in nats, the sum of both is the negative evidence
    lower bound per example, whatever the size of the batch. With a mean squared error, divide it
    by twice the noise's variance. A layer that is called twice adds the loss twice.

    Weights are not drawn for each image, which would take a kernel for each:

    - `"local_reparameterization"` draws what comes before the activation, whose distribution
      given the inputs is `N(x mu + mu_b, x^2 sigma^2 + sigma_b^2)`, for every image and place.
    - `"flipout"` draws one change of the weights for the batch, and gives every image random signs
      with which it applies: `x mu + ((x * r) (sigma * e)) * q`. The places of an image share it.

    Both have that mean and that variance, and images that do not correlate; the first has the
    gradient of less variance, and is the usual choice.

    All is computed in at least float32, and the outputs rounded. With `sampling=True`
    `kerasbook.layers.monte_carlo_predict` gives the mean and the deviation of predictions; an
    exported model then draws at every request. For one with a single answer, load the weights
    into the same model built without it.

    Args:
        units: Size of the outputs.
        num_examples: Number of examples in the training data, by which the divergence is divided.
        estimator: `"local_reparameterization"` or `"flipout"`.
        prior_scale: Standard deviation of the prior, the `s` of the formula, above 0.
        initial_scale: Standard deviation of every weight at the start, above 0.
        sampling: Whether to draw outside training, too.
        activation: Function applied to the result, or `None`.
        use_bias: Whether to add a bias.
        kernel_initializer: Initializer of the kernel's means.
        bias_initializer: Initializer of the bias' means.
        seed: Integer seed; `None` draws a fresh one.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`; also regularizers and
            constraints of the means, as `keras.layers.Dense` has them.

    Call arguments:
        inputs: Float tensor `(batch, ..., features)` of rank 2 or more.
        training: Whether to draw in spite of `sampling=False`. Defaults to `False`.

    Returns:
        Tensor `(batch, ..., units)` in the layer's compute dtype.

    Raises:
        ValueError: If `units` or `num_examples` is no positive integer, a scale not above 0,
            `estimator` none of the two, or the features are unknown.

    Example:
        >>> layer = kerasbook.layers.BayesianDense(4, num_examples=1000)
        >>> tuple(layer(np.ones((2, 3), "float32"), training=True).shape)
        (2, 4)
        >>> len(layer.losses)
        1

    Reference:
        Blundell et al., 2015, section 3, https://arxiv.org/abs/1505.05424, who draw the divergence
        as well; Kingma et al., 2015, section 2.2, https://arxiv.org/abs/1506.02557; Wen et al.,
        2018, section 3, https://arxiv.org/abs/1803.04386
    """

    def __init__(
        self,
        units,
        *,
        num_examples,
        estimator="local_reparameterization",
        prior_scale=1.0,
        initial_scale=0.05,
        sampling=False,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        seed=None,
        **kwargs,
    ):
        super().__init__(
            units=units,
            num_examples=num_examples,
            estimator=estimator,
            prior_scale=prior_scale,
            initial_scale=initial_scale,
            sampling=sampling,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            seed=seed,
            **kwargs,
        )
        self.activation = activations.get(activation)

    def linear(self, inputs, kernel):
        return ops.matmul(inputs, kernel)

    def shape_of_outputs(self, input_shape):
        return self.compute_output_shape(input_shape)

    def finish(self, outputs):
        return self.activation(self.add_bias(outputs))

    def get_config(self):
        return {**super().get_config(), "activation": activations.serialize(self.activation)}
