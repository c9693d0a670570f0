"""A mixture of many experts of which each token goes to a few only."""

import math

import keras
from keras import activations, initializers, ops, regularizers

from kerasbook import ops as kernels
from kerasbook.layers.arguments import (
    boolean,
    integer_seed,
    number_of,
    one_of,
    positive_integer,
    positive_integers,
    rate_below_one,
    static_channels,
)
from kerasbook.layers.composite import with_seed_beyond
from kerasbook.layers.told import all_positions, along_last_axis

ROUTERS = ("noisy_top_k", "switch", "expert_choice")


@keras.saving.register_keras_serializable(package="kerasbook")
class SparseMixtureOfExperts(keras.layers.Layer):
    """Sends each token to a few of many experts and sums what they make of it.

    `y = sum_{e chosen} g_e(x) f_e(x)` with the experts
    `f_e(x) = activation(x U_e + a_e) V_e + b_e` and a router that sees the logits `l = x W`:

    - `"noisy_top_k"` adds noise `l + n softplus(x N)`, `n ~ N(0, 1)`, while training, and chooses
      the `top_k` greatest; `g` is their softmax. With `top_k=1` it is 1, and the router learns
      from the imbalance only.
    - `"switch"` chooses the `top_k` greatest of `softmax(l)`, which are `g`.
    - `"expert_choice"` lets each expert choose the tokens of its greatest `softmax(l)`, which are
      `g`, so that a token has `top_k` experts on average, and all experts have equally many.
      What becomes of a token depends on those after it: not for causal sequences.

    For all tokens of a batch together each expert has
    `ceil(capacity_factor * top_k * tokens / num_experts)` slots. Where more tokens choose it, it
    takes the first choices of all tokens before the second ones, and so on, and among equals
    those that come first in the batch; the rest is dropped: the expert adds nothing to their
    outputs, and the other weights stay as they are. A token without any expert gives zeros, so
    put the layer beside a shortcut. A `capacity_factor` of `num_experts / top_k` drops nothing;
    it is not in the weights, so that one may train with a small one and predict with another.

    While training, `balance_weight` times the imbalance and `z_weight` times the router's z-loss
    `mean(logsumexp(l)^2)` are added to the losses. The imbalance of `"switch"` is
    `num_experts sum_e f_e P_e` of the part of the choices and the mean probability of each
    expert; that of `"noisy_top_k"` is `CV(importance)^2 + CV(load)^2`, see
    `kerasbook.ops.expert_routing.noisy_imbalance`; that of `"expert_choice"` is 0. The layer keeps
    three variables of the last training step, means over replicas: `load`, the part of the
    choices that fell on each expert; `overflow`, the part of the choices that were dropped; and
    `dropped`, the part of the tokens that no expert took. `routing` computes them of any inputs.

    With a `kernel_size` the tokens are whole images (or sequences, or volumes), routed by their
    channels' means, and `x U_e` is a convolution under padding `"same"`.

    Args:
        num_experts: Number of experts.
        expert_units: Size of each expert's hidden layer.
        top_k: Number of experts of a token, at most `num_experts`.
        capacity_factor: Slots of an expert in proportion to its equal share, above 0.
        router: `"noisy_top_k"`, `"switch"` or `"expert_choice"`.
        output_units: Size of the outputs; `None` is that of the inputs.
        kernel_size: `None`, or the size of the experts' first convolution, an integer or one for
            each axis.
        activation: Function after the hidden layer, or `None`.
        use_bias: Whether the experts have biases.
        jitter: While training, the routers `"switch"` and `"expert_choice"` see inputs multiplied
            by numbers drawn from `[1 - jitter, 1 + jitter)`; in `[0, 1)`.
        balance_weight: Weight of the imbalance, 0 or above.
        z_weight: Weight of the z-loss, 0 or above.
        kernel_initializer: Initializer of the experts' kernels, drawn for each by itself.
        bias_initializer: Initializer of the experts' biases.
        router_initializer: Initializer of the router's kernel.
        kernel_regularizer: Penalty on the experts' kernels.
        bias_regularizer: Penalty on the experts' biases.
        seed: Integer seed of noise and jitter; `None` draws a fresh one.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name` and `dtype`. The router computes in
            at least float32 whatever the policy.

    Call arguments:
        inputs: Float tensor `(batch, ..., features)` of rank 2 or more, every position a token
            (masked ones too); with a `kernel_size`, of rank 3 to 5, every image a token.
        training: Whether to draw noise or jitter, add the losses and keep `load`, `overflow` and
            `dropped`. Defaults to `False`.

    Returns:
        Tensor `(batch, ..., output_units)` in the layer's compute dtype.

    Raises:
        ValueError: If `top_k` is above `num_experts`, `capacity_factor` not above 0, which would
            admit no token, another argument out of its range, or the features unknown.

    Example:
        >>> layer = kerasbook.layers.SparseMixtureOfExperts(8, 32, top_k=2, seed=1)
        >>> tokens = np.random.default_rng(0).normal(size=(4, 10, 16)).astype("float32")
        >>> tuple(layer(tokens, training=True).shape), len(layer.losses)
        ((4, 10, 16), 2)
        >>> float(np.sum(layer.routing(tokens).load).round(4))
        1.0

    Reference:
        `"noisy_top_k"`: Shazeer et al., 2017, sections 2.1, 4 and appendix A,
        https://arxiv.org/abs/1701.06538. `"switch"`: Fedus et al., 2022, section 2.2,
        https://arxiv.org/abs/2101.03961, where `top_k` is 1. `"expert_choice"`: Zhou et al.,
        2022, section 3.2, https://arxiv.org/abs/2202.09368, whose capacity factor is
        `capacity_factor * top_k`. The order of dropping is that of Lepikhin et al., 2020,
        https://arxiv.org/abs/2006.16668, the z-loss that of Zoph et al., 2022,
        https://arxiv.org/abs/2202.08906.
    """

    def __init__(
        self,
        num_experts,
        expert_units,
        *,
        top_k=2,
        capacity_factor=1.25,
        router="noisy_top_k",
        output_units=None,
        kernel_size=None,
        activation="relu",
        use_bias=True,
        jitter=0.01,
        balance_weight=0.01,
        z_weight=0.001,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        router_initializer="glorot_uniform",
        kernel_regularizer=None,
        bias_regularizer=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_experts = positive_integer("num_experts", num_experts)
        self.expert_units = positive_integer("expert_units", expert_units)
        self.top_k = positive_integer("top_k", top_k)
        if top_k > num_experts:
            raise ValueError(
                f"`top_k` must be at most `num_experts`, {num_experts}. Received: top_k={top_k}"
            )
        self.capacity_factor = number_of(
            "capacity_factor",
            capacity_factor,
            "above 0, or the experts would admit no token",
            lambda x: x > 0,
        )
        self.router = one_of("router", router, ROUTERS)
        if output_units is not None:
            positive_integer("output_units", output_units)
        self.output_units = output_units
        if kernel_size is not None:
            sizes = positive_integers("kernel_size", kernel_size)
            kernel_size = kernel_size if isinstance(kernel_size, int) else sizes
        self.kernel_size = kernel_size
        self.activation = activations.get(activation)
        self.use_bias = boolean("use_bias", use_bias)
        self.jitter = rate_below_one("jitter", jitter)
        self.balance_weight = number_of(
            "balance_weight", balance_weight, "0 or above", lambda x: x >= 0
        )
        self.z_weight = number_of("z_weight", z_weight, "0 or above", lambda x: x >= 0)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.router_initializer = initializers.get(router_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.seed = integer_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.input_spec = keras.layers.InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape):
        features = static_channels(input_shape, -1)
        rank = len(input_shape)
        if self.kernel_size is not None and not 3 <= rank <= 5:
            raise ValueError(
                "With a `kernel_size` the inputs must have rank 3, 4 or 5. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        self.input_spec = keras.layers.InputSpec(
            ndim=None if self.kernel_size is None else rank, min_ndim=2, axes={-1: features}
        )
        taps = ()
        if self.kernel_size is not None:
            taps = positive_integers("kernel_size", self.kernel_size, rank - 2)
        router = {"dtype": self._router_dtype(), "autocast": False}
        self.router_kernel = self.add_weight(
            name="router_kernel",
            shape=(features, self.num_experts),
            initializer=self.router_initializer,
            **router,
        )
        if self.router == "noisy_top_k":
            self.noise_kernel = self.add_weight(
                name="noise_kernel",
                shape=(features, self.num_experts),
                initializer="zeros",
                **router,
            )
        outputs = self.output_units or features
        self.hidden_kernel = self._expert_kernel("hidden_kernel", taps, features, self.expert_units)
        self.hidden_bias = self._expert_bias("hidden_bias", self.expert_units)
        self.output_kernel = self._expert_kernel("output_kernel", (), self.expert_units, outputs)
        self.output_bias = self._expert_bias("output_bias", outputs)
        for name, shape in (("load", (self.num_experts,)), ("overflow", ()), ("dropped", ())):
            weight = self.add_weight(
                name=name,
                shape=shape,
                initializer="zeros",
                trainable=False,
                aggregation="mean",
                **router,
            )
            setattr(self, name, weight)

    def _expert_kernel(self, name, taps, features, units):
        def initializer(shape, dtype):
            each = [with_seed_beyond(self.kernel_initializer, i) for i in range(self.num_experts)]
            return ops.stack([draw(shape[1:], dtype=dtype) for draw in each])

        return self.add_weight(
            name=name,
            shape=(self.num_experts, *taps, features, units),
            initializer=initializer,
            regularizer=self.kernel_regularizer,
        )

    def _expert_bias(self, name, units):
        if not self.use_bias:
            return None
        return self.add_weight(
            name=name,
            shape=(self.num_experts, 1, units),
            initializer=self.bias_initializer,
            regularizer=self.bias_regularizer,
        )

    def _router_dtype(self):
        return keras.backend.result_type(self.compute_dtype, "float32")

    def call(self, inputs, training=False):
        if 0 in inputs.shape:  # on JAX nothing can be taken of nothing
            return ops.zeros(self.compute_output_shape(inputs.shape), self.compute_dtype)
        if not training:
            return self.apply(inputs)
        routing = self.routing(inputs, self.draw(self._num_tokens(inputs)))
        if self.router != "expert_choice":
            self.add_loss(self.balance_weight * routing.imbalance)
        self.add_loss(self.z_weight * routing.z)
        self.load.assign(routing.load)
        self.overflow.assign(routing.overflow)
        self.dropped.assign(routing.dropped)
        return self._mixture(inputs, routing)

    def draw(self, num_tokens, seed=None):
        """Draws the router's noise `(num_tokens, num_experts)`, or its inputs' factors.

        The noise of `"noisy_top_k"` is normal; the factors of the other routers,
        `(num_tokens, features)`, are uniform on `[1 - jitter, 1 + jitter)`.
        """
        if seed is None:
            seed = self.seed_generator
        if self.router == "noisy_top_k":
            return kernels.random_normal((num_tokens, self.num_experts), seed)
        factors = kernels.random_uniform((num_tokens, self.router_kernel.shape[0]), seed)
        return 1 + self.jitter * (2 * factors - 1)

    def apply(self, inputs, draws=None):
        """Returns the outputs for given draws, or without noise and jitter; adds no losses."""
        return self._mixture(inputs, self.routing(inputs, draws))

    def routing(self, inputs, draws=None):
        """Tells which tokens go where.

        Args:
            inputs: What the layer takes; it must be built.
            draws: What `draw` returns, or `None` for no noise and no jitter.

        Returns:
            Named tuple of `load` `(num_experts,)`, `overflow` and `dropped` as described above,
            `imbalance` and `z`, the losses before their weights; `rows` `(num_experts, capacity)`,
            the token in each slot; and `weights` and `slots` of the choices `(tokens, top_k)`, the
            weight 0 where a choice was dropped. Under `"expert_choice"` the weights are those of
            the slots, and `slots` is `None`.
        """
        x = ops.cast(self._tokens(inputs), self._router_dtype())
        if self.kernel_size is not None:
            x = ops.mean(x, axis=tuple(range(1, len(x.shape) - 1)))  # (tokens, features)
        if draws is not None:
            draws = ops.cast(draws, x.dtype)
        capacity = kernels.expert_capacity(
            ops.shape(x)[0], self.num_experts, self.top_k, self.capacity_factor
        )
        if self.router == "noisy_top_k":
            logits = ops.matmul(x, ops.convert_to_tensor(self.router_kernel))
            deviation = ops.softplus(ops.matmul(x, ops.convert_to_tensor(self.noise_kernel)))
            return kernels.route_noisy_top_k(logits, deviation, draws, self.top_k, capacity)
        if draws is not None:
            x = x * draws
        logits = ops.matmul(x, ops.convert_to_tensor(self.router_kernel))
        if self.router == "switch":
            return kernels.route_switch(logits, self.top_k, capacity)
        return kernels.route_expert_choice(logits, capacity)

    def _mixture(self, inputs, routing):
        """Returns what the experts make of their tokens, each token's results summed."""
        x = self._tokens(inputs)
        num_tokens, *space, features = ops.shape(x)
        size = math.prod(space)
        slots = kernels.to_slots(ops.reshape(x, (num_tokens, size * features)), routing.rows)
        capacity = ops.shape(slots)[1]
        slots = ops.reshape(slots, (self.num_experts, capacity, *space, features))
        results = self._experts(slots)  # (experts, capacity * space, outputs)
        outputs = results.shape[-1]
        results = ops.reshape(results, (self.num_experts, capacity, size * outputs))
        weights = ops.cast(routing.weights, results.dtype)
        if routing.slots is None:
            sums = kernels.sums_of_slots(results, routing.rows, weights, num_tokens)
        else:
            sums = kernels.from_slots(results, routing.slots, weights)
        return ops.reshape(sums, (*ops.shape(inputs)[:-1], outputs))

    def _experts(self, slots):
        """Applies each expert to its slots `(experts, capacity, ..., features)`, laid out flat."""
        if self.kernel_size is None:
            hidden = ops.matmul(slots, self.hidden_kernel)
        else:
            hidden = kernels.conv_per_expert(slots, self.hidden_kernel)
            rows = math.prod(ops.shape(hidden)[1:-1])
            hidden = ops.reshape(hidden, (self.num_experts, rows, self.expert_units))
        if self.use_bias:
            hidden = hidden + self.hidden_bias
        outputs = ops.matmul(self.activation(hidden), self.output_kernel)
        return outputs + self.output_bias if self.use_bias else outputs

    def _num_tokens(self, inputs):
        sizes = ops.shape(inputs)
        return sizes[0] if self.kernel_size is not None else math.prod(sizes[:-1])

    def _tokens(self, inputs):
        """Returns inputs in which the first axis is that of the tokens."""
        x = ops.convert_to_tensor(inputs, dtype=self.compute_dtype)
        if self.kernel_size is not None:
            return x
        return ops.reshape(x, (self._num_tokens(x), x.shape[-1]))

    def receptive_field_steps(self, rank, data_format):
        """Returns the steps for `kerasbook.receptive_field`.

        Images are sent to experts by the means of their pixels. Of tokens only the numbers count
        here: which experts one goes to may depend on others that want the same ones.
        """
        if self.kernel_size is not None:
            return all_positions(self)
        return along_last_axis(self, rank, data_format)

    def multiply_adds(self, input_shape, output_shape):
        """Returns those of the router and of all slots, whether there is a token in them or not."""
        whole_images = self.kernel_size is not None
        tokens = input_shape[0] if whole_images else math.prod(input_shape[:-1])
        places = math.prod(input_shape[1:-1]) if whole_images else 1
        capacity = kernels.expert_capacity(
            tokens, self.num_experts, self.top_k, self.capacity_factor
        )
        router = math.prod(self.router_kernel.shape) * (1 + (self.router == "noisy_top_k"))
        experts = math.prod(self.hidden_kernel.shape) + math.prod(self.output_kernel.shape)
        return tokens * router + capacity * places * experts

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.output_units or input_shape[-1])

    def get_config(self):
        kernel_size = self.kernel_size
        return {
            **super().get_config(),
            "num_experts": self.num_experts,
            "expert_units": self.expert_units,
            "top_k": self.top_k,
            "capacity_factor": self.capacity_factor,
            "router": self.router,
            "output_units": self.output_units,
            "kernel_size": list(kernel_size) if isinstance(kernel_size, tuple) else kernel_size,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "jitter": self.jitter,
            "balance_weight": self.balance_weight,
            "z_weight": self.z_weight,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "router_initializer": initializers.serialize(self.router_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "seed": self.seed,
        }
