"""A mixture of linear experts that share the inputs by a gate."""

import keras
import numpy as np
from keras import initializers, ops

from kerasbook import ops as kernels
from kerasbook.arguments import one_of, positive_integer
from kerasbook.layers.head.density_head import DensityHead

_ABOVE_THE_FLOOR = 1.01  # of the smallest scale of fit_em, as softplus never comes to 0


@keras.saving.register_keras_serializable(package="kerasbook")
class MixtureOfLinearExperts(DensityHead):
    """Returns a mixture of normal distributions, each with a mean that is linear in the inputs.

    `p(y | x) = sum_k softmax(x V + b)_k N(y | x W_k + c_k, scale_k^2)`: the gate `V` says which
    expert is responsible for which inputs, the standard deviation
    `scale_k = min_scale + softplus(s_k)` of an expert is the same for all of them. `fit_em` fits
    the layer to data at once; as a part of a model it trains with
    `kerasbook.losses.MixtureNegativeLogLikelihood(num_experts, covariance=covariance)`.

    The mean of the mixture can lie where no target ever is; `mode` is the prediction of the
    expert that is most responsible.

    Args:
        output_size: How many numbers are predicted together.
        num_experts: Number of experts.
        covariance: `"isotropic"` gives an expert one scale for all outputs, `"diagonal"` one for
            each.
        scale_initializer: Initializer of `s`, `(num_experts,)` or `(num_experts * output_size,)`.
        **kwargs: All further arguments of `GaussianHead`: `min_scale`, `use_bias`, the
            initializers, regularizers and constraints of the kernel (of the gate, then of the
            experts) and bias, and those of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, ..., features)` of rank 2 or more.

    Returns:
        Tensor `(batch, ..., n)` in float32 whatever the policy, packed as
        `kerasbook.layers.MixtureDensity` does: the logits of the gate (none if there is one
        expert), then the experts' means, then their scales. The methods `split`, `mean`, `mode`,
        `variance`, `log_prob`, `responsibilities`, `cdf` and `sample` take it.

    Raises:
        ValueError: If an argument is not as described, or the features are unknown.

    Example:
        >>> layer = kerasbook.layers.MixtureOfLinearExperts(1, 2)
        >>> x = np.linspace(-1, 1, 100)[:, None]
        >>> history = layer.fit_em(x, np.abs(x), seed=1)
        >>> history[-1] > history[0] + 1
        True
        >>> np.asarray(layer.mode(layer(np.array([[-0.5], [0.5]], "float32")))).round(2).tolist()
        [[0.5], [0.5]]

    Reference:
        Jacobs et al., 1991, https://doi.org/10.1162/neco.1991.3.1.79; Jordan and Jacobs, 1994,
        https://doi.org/10.1162/neco.1994.6.2.181; Murphy, 2022, section 13.6.2.1. Here a softplus
        gives the standard deviation, not the variance, and a floor stands below.
    """

    def __init__(
        self,
        output_size,
        num_experts,
        *,
        covariance="isotropic",
        scale_initializer="zeros",
        **kwargs,
    ):
        super().__init__(output_size, **kwargs)
        self.num_experts = positive_integer("num_experts", num_experts)
        self.covariance = one_of("covariance", covariance, ("isotropic", "diagonal"))
        self.scale_initializer = initializers.get(scale_initializer)
        self.mixture = kernels.Mixture(output_size, num_experts, covariance)

    def num_outputs(self):
        logits, means, _ = self.mixture.sizes()
        return logits + means

    def build(self, input_shape):
        super().build(input_shape)
        self.scales = self.add_weight(
            name="scales",
            shape=(self.mixture.sizes()[2],),
            initializer=self.scale_initializer,
            autocast=False,
        )

    def call(self, inputs):
        rows = self.transform(inputs)
        scales = ops.broadcast_to(
            ops.cast(self.scales, rows.dtype), (*ops.shape(rows)[:-1], self.scales.shape[0])
        )
        return self.mixture.activate(ops.concatenate([rows, scales], -1), self.min_scale)

    def split(self, output):
        """Returns the gate's probabilities, the experts' means and their standard deviations.

        Returns:
            Tensors `(..., experts)`, `(..., experts, output_size)` and another of this shape, or
            with 1 in the place of `output_size` if isotropic.
        """
        log_weights, means, scales = self.mixture.parts(self.packed(output))
        return ops.exp(log_weights), means, scales

    def mode(self, output):
        """Returns what the most responsible expert predicts, `(..., output_size)`."""
        weights, means, _ = self.split(output)
        chosen = ops.one_hot(ops.argmax(weights, -1), self.num_experts, dtype=means.dtype)
        return ops.sum(chosen[..., None] * means, -2)

    def responsibilities(self, output, target):
        """Returns the probability of each expert given inputs and target, `(..., experts)`."""
        output = self.packed(output)
        target = self.mixture.aligned("target", target, output)
        log_weights, means, scales = self.mixture.parts(output)
        distances = self.mixture.standardized(target[..., None, :] - means, scales)
        logs = self.mixture.log_standard(distances) - self.mixture.log_volume(scales)
        joint = log_weights + logs
        return ops.exp(joint - ops.logsumexp(joint, -1, keepdims=True))

    def fit_em(self, x, y, *, num_iterations=100, tolerance=1e-6, start="clusters", seed=None):
        """Fits gate, experts and scales to data by expectation maximization.

        In turns it takes the responsibilities of the experts for the samples, and with these
        weights the best linear experts and scales, and a better gate by Newton's method. It
        knows no regularizers or constraints.

        Args:
            x: Array `(samples, ..., features)`.
            y: Array `(samples, ..., output_size)`; of one number it may lack the last axis.
            num_iterations: Greatest number of iterations.
            tolerance: They end when the mean log-likelihood rises by less.
            start: `"clusters"` begins with an expert for each cluster of inputs and targets,
                `"weights"` with the layer's weights.
            seed: Integer seed of the clusters; `None` draws a fresh one.

        Returns:
            List of the mean log-likelihoods of a sample, to begin with and after each iteration.
            It never falls.

        Raises:
            ValueError: If the shapes do not fit, there are fewer samples than experts, or numbers
                that are not finite.
        """
        one_of("start", start, ("clusters", "weights"))
        x, y = self._rows(x, y)
        if not self.built:
            self.build((None, x.shape[1]))
        if x.shape[1] != self.kernel.shape[0]:
            raise ValueError(
                f"`x` must have {self.kernel.shape[0]} features. Received: {x.shape[1]}"
            )
        model, history = kernels.fit_linear_experts(
            x,
            y,
            self.num_experts,
            model=self._experts() if start == "weights" else None,
            use_bias=self.use_bias,
            isotropic=self.covariance == "isotropic",
            min_scale=_ABOVE_THE_FLOOR * self.min_scale,
            num_iterations=num_iterations,
            tolerance=tolerance,
            seed=seed,
        )
        self._assign(model)
        return history

    def _rows(self, x, y):
        """Returns inputs and targets as float64 arrays of two axes, or raises a `ValueError`."""
        x, y = np.asarray(x, "float64"), np.asarray(y, "float64")
        if self.output_size == 1 and y.ndim == x.ndim - 1:
            y = y[..., None]
        if x.ndim < 2 or y.shape != (*x.shape[:-1], self.output_size):
            raise ValueError(
                "`x` must be (samples, ..., features) and `y` (samples, ..., "
                f"{self.output_size}). Received: x of shape {x.shape}, y of shape {y.shape}"
            )
        x, y = x.reshape(-1, x.shape[-1]), y.reshape(-1, self.output_size)
        for name, values in (("x", x), ("y", y)):
            if not np.isfinite(values).all():
                raise ValueError(
                    f"`{name}` must be finite. Received: NaN count = {np.isnan(values).sum()}, "
                    f"infinite count = {np.isinf(values).sum()}, of {values.size}"
                )
        if len(x) < self.num_experts:
            raise ValueError(
                f"`x` must have at least as many samples as experts, {self.num_experts}. "
                f"Received: {len(x)} samples"
            )
        return x, y

    def _experts(self):
        """Returns the weights as `kerasbook.ops.LinearExperts`, a bias as the last feature."""
        weights = ops.convert_to_numpy(self.kernel).astype("float64")
        if self.use_bias:
            weights = np.concatenate([weights, ops.convert_to_numpy(self.bias)[None]])
        logits = self.mixture.sizes()[0]
        gate = weights[:, :logits] if logits else np.zeros((len(weights), 1))
        experts = weights[:, logits:].reshape(-1, self.num_experts, self.output_size)
        scales = np.logaddexp(0, ops.convert_to_numpy(self.scales).astype("float64"))
        scales = self.min_scale + scales.reshape(self.num_experts, -1)
        return kernels.LinearExperts(gate, experts.transpose(1, 0, 2), scales)

    def _assign(self, model):
        """Takes the weights of `kerasbook.ops.LinearExperts`."""
        features = len(model.gate)
        experts = model.experts.transpose(1, 0, 2).reshape(features, -1)
        parts = [model.gate, experts] if self.num_experts > 1 else [experts]
        weights = np.concatenate(parts, axis=1)
        if self.use_bias:
            self.bias.assign(weights[-1])
            weights = weights[:-1]
        self.kernel.assign(weights)
        above = model.scales - self.min_scale
        self.scales.assign((above + np.log(-np.expm1(-above))).ravel())  # softplus undone

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.mixture.packed_size)

    def get_config(self):
        return {
            **super().get_config(),
            "num_experts": self.num_experts,
            "covariance": self.covariance,
            "scale_initializer": initializers.serialize(self.scale_initializer),
        }
