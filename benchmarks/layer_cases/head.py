"""Heads against the same formulas in Keras' layers and operations, and torch."""

import keras
import numpy as np
from keras import ops
from layer_step import Case

from kerasbook import layers

FLOOR = 1e-3  # of standard deviations
NUM_EXAMPLES = 60000
TOKENS = (2048, 128)


class Bayes(keras.layers.Layer):
    """A dense layer or a convolution by local reparameterization, as it stands in the paper."""

    def __init__(self, units, taps, linear):
        super().__init__()
        self.units, self.taps, self.linear = units, taps, linear
        self.seed_generator = keras.random.SeedGenerator(0)

    def build(self, input_shape):
        start = keras.initializers.Constant(float(np.log(np.expm1(0.05))))
        shapes = (*self.taps, input_shape[-1], self.units), (self.units,)
        self.means = [
            self.add_weight(shape=shape, initializer=initializer)
            for shape, initializer in zip(shapes, ("glorot_uniform", "zeros"), strict=True)
        ]
        self.rhos = [self.add_weight(shape=shape, initializer=start) for shape in shapes]

    def call(self, inputs, training=False):
        scales = [ops.softplus(rho) for rho in self.rhos]
        self.add_loss(
            sum(
                ops.sum((ops.square(scale) + ops.square(mean) - 1) / 2 - ops.log(scale))
                for mean, scale in zip(self.means, scales, strict=True)
            )
            / NUM_EXAMPLES
        )
        means = self.linear(inputs, self.means[0]) + self.means[1]
        if not training:
            return means
        squares = [ops.square(scale) for scale in scales]
        variances = self.linear(ops.square(inputs), squares[0]) + squares[1]
        noise = keras.random.normal(ops.shape(means), seed=self.seed_generator)
        return means + ops.sqrt(variances) * noise


class Density(keras.layers.Layer):
    """A dense layer whose last outputs become positive."""

    def __init__(self, units, scales):
        super().__init__()
        self.dense, self.scales = keras.layers.Dense(units), scales

    def call(self, inputs):
        rows = self.dense(inputs)
        scales = FLOOR + ops.softplus(rows[..., -self.scales :])
        return ops.concatenate([rows[..., : -self.scales], scales], -1)


class LinearExperts(keras.layers.Layer):
    """A dense layer of gate and experts, and a learned deviation of each expert."""

    def __init__(self, output_size, num_experts):
        super().__init__()
        self.dense = keras.layers.Dense(num_experts * (1 + output_size))
        self.scales = self.add_weight(shape=(num_experts,), initializer="zeros")

    def call(self, inputs):
        rows = self.dense(inputs)
        scales = FLOOR + ops.softplus(self.scales)
        scales = ops.broadcast_to(scales, (ops.shape(rows)[0], *self.scales.shape))
        return ops.concatenate([rows, scales], -1)


class Levels(keras.layers.Layer):
    """The probabilities of a balanced tree of 2^n classes, level by level."""

    def call(self, inputs):
        batch, nodes = ops.shape(inputs)
        turns = ops.sigmoid(inputs)
        paths = ops.ones((batch, 1))
        while (width := paths.shape[-1]) <= nodes:
            left = paths * turns[:, width - 1 : 2 * width - 1]
            paths = ops.reshape(ops.stack([left, paths - left], -1), (batch, 2 * width))
        return paths


class Bells(keras.layers.Layer):
    """Radial basis functions, the square of the difference multiplied out."""

    def build(self, input_shape):
        self.centroids = self.add_weight(shape=(256, input_shape[-1]), initializer="random_normal")

    def call(self, inputs):
        centroids = ops.convert_to_tensor(self.centroids)
        squares = ops.sum(ops.square(inputs), -1, keepdims=True) + ops.sum(centroids**2, -1)
        distances = squares - 2 * ops.matmul(inputs, ops.transpose(centroids))
        return ops.exp(-0.5 * ops.maximum(distances, 0))


class EveryExpert(keras.layers.Layer):
    """A switch mixture of which every expert sees every token, the weights of most being zero."""

    def __init__(self, num_experts, units, top_k):
        super().__init__()
        self.num_experts, self.units, self.top_k = num_experts, units, top_k

    def build(self, input_shape):
        features, experts = input_shape[-1], self.num_experts
        self.router = self.add_weight(shape=(features, experts))
        self.hidden = self.add_weight(shape=(experts, features, self.units))
        self.hidden_bias = self.add_weight(shape=(experts, 1, self.units), initializer="zeros")
        self.output_kernel = self.add_weight(shape=(experts, self.units, features))
        self.output_bias = self.add_weight(shape=(experts, 1, features), initializer="zeros")

    def call(self, inputs, training=False):
        logits = ops.matmul(inputs, self.router)
        gates = ops.softmax(logits)
        chosen = ops.sum(ops.one_hot(ops.top_k(gates, self.top_k)[1], self.num_experts), 1)
        if training:
            loads = ops.mean(chosen, 0) / self.top_k
            self.add_loss(0.01 * self.num_experts * ops.sum(loads * ops.mean(gates, 0)))
            self.add_loss(0.001 * ops.mean(ops.square(ops.logsumexp(logits, -1))))
        hidden = ops.relu(ops.matmul(inputs[None], self.hidden) + self.hidden_bias)
        results = ops.matmul(hidden, self.output_kernel) + self.output_bias
        return ops.einsum("te,etf->tf", gates * chosen, results)


def expert():
    """Returns an expert of two dense layers."""
    return keras.Sequential([keras.layers.Dense(128, "relu"), keras.layers.Dense(64)])


def mixed(inputs, experts):
    """Returns the sum of tensors, weighted by a dense layer's softmax."""
    weights = keras.layers.Dense(len(experts), "softmax")(inputs)
    return ops.sum(ops.stack(experts, -2) * weights[..., None], -2)


def mixture():
    """Returns a mixture of four experts as a model of Keras."""
    inputs = keras.Input(TOKENS[1:])
    return keras.Model(inputs, mixed(inputs, [expert()(inputs) for _ in range(4)]))


def tree():
    """Returns a tree of two branches of three experts each as a model of Keras."""
    inputs = keras.Input(TOKENS[1:])
    branches = [mixed(inputs, [keras.layers.Dense(64)(inputs) for _ in range(3)]) for _ in range(2)]
    return keras.Model(inputs, mixed(inputs, branches))


def torch_bells(torch):
    class Bells(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.centroids = torch.nn.Parameter(torch.randn(256, 32))

        def forward(self, inputs):
            return torch.exp(-0.5 * torch.cdist(inputs, self.centroids) ** 2)

    return Bells()


CASES = [
    Case(
        "BayesianDense(256)",
        lambda: layers.BayesianDense(256, num_examples=NUM_EXAMPLES),
        {"Keras composition": lambda: Bayes(256, (), ops.matmul)},
        shape=(256, 784),
        pairs=41,
    ),
    Case(
        "BayesianConv2D(64, 3)",
        lambda: layers.BayesianConv2D(64, 3, num_examples=NUM_EXAMPLES),
        {"Keras composition": lambda: Bayes(64, (3, 3), ops.conv)},
        shape=(16, 28, 28, 64),
    ),
    Case(
        "GaussianHead(8)",
        lambda: layers.GaussianHead(8),
        {"Keras composition": lambda: Density(16, 8)},
        shape=(4096, 256),
        pairs=41,
    ),
    Case(
        "MixtureDensity(8, 20)",
        lambda: layers.MixtureDensity(8, 20),
        {"Keras composition": lambda: Density(20 + 2 * 8 * 20, 8 * 20)},
        shape=(4096, 256),
        pairs=41,
    ),
    Case(
        "MixtureOfLinearExperts(8, 20)",
        lambda: layers.MixtureOfLinearExperts(8, 20),
        {"Keras composition": lambda: LinearExperts(8, 20)},
        shape=(4096, 256),
        pairs=41,
    ),
    Case(
        "HierarchicalSoftmax(1024)",
        lambda: layers.HierarchicalSoftmax(1024),
        {"Keras composition": Levels},
        shape=(256, 1023),
        pairs=41,
    ),
    Case(
        "RadialBasis(256)",
        lambda: layers.RadialBasis(256),
        {"Keras composition": Bells, "torch": torch_bells},
        shape=(1024, 32),
        pairs=41,
    ),
    Case(
        "MixtureOfExperts(4 experts, gate)",
        lambda: layers.MixtureOfExperts([expert() for _ in range(4)], keras.layers.Dense(4)),
        {"Keras composition": mixture},
        shape=TOKENS,
        pairs=41,
    ),
    Case(
        "HierarchicalMixtureOfExperts((2, 3), Dense(64))",
        lambda: layers.HierarchicalMixtureOfExperts((2, 3), keras.layers.Dense(64)),
        {"Keras composition": tree},
        shape=TOKENS,
        pairs=41,
    ),
    Case(
        'SparseMixtureOfExperts(8, 256, router="switch", jitter=0)',
        lambda: layers.SparseMixtureOfExperts(8, 256, router="switch", jitter=0.0),
        {"Keras composition": lambda: EveryExpert(8, 256, 2)},
        shape=TOKENS,
    ),
]
