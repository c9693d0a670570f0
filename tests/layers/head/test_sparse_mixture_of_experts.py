"""SparseMixtureOfExperts against a loop over tokens, its losses, what it drops, and its costs."""

import functools
import math

import keras
import numpy as np
import pytest

from kerasbook import layers, ops, testing
from kerasbook.layers import SparseMixtureOfExperts

numpy = keras.ops.convert_to_numpy
ROUTERS = ("noisy_top_k", "switch", "expert_choice")


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def distribution(x):
    """The normal distribution function."""
    return np.vectorize(lambda each: (1 + math.erf(each / 2**0.5)) / 2)(x)


def squared_variation(x):
    return x.var() / x.mean() ** 2


def made(rng, shape, **options):
    """Returns a built layer of random weights, with few slots, and its weights by name."""
    options = {"capacity_factor": 0.7, "activation": "tanh", "seed": 3, **options}
    layer = SparseMixtureOfExperts(5, 4, **options)
    layer.build(shape)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    return layer, {weight.name: numpy(weight) for weight in layer.weights}


def reference(layer, weights, means, expert, draws):
    """Routes tokens one by one; returns outputs, imbalance, z-loss, load, overflow, dropped.

    `means` are what the router sees of the tokens, `expert(e, t)` the result of a token.
    """
    number, top_k, experts = len(means), layer.top_k, layer.num_experts
    capacity = min(math.ceil(layer.capacity_factor * top_k * number / experts), number)
    assert capacity < number
    if draws is not None and layer.router != "noisy_top_k":
        means = means * draws
    logits = means @ weights["router_kernel"]
    outputs = np.zeros((number, *expert(0, 0).shape))
    sizes, load, overflow, taken = np.zeros(experts, int), np.zeros(experts), 0, set()
    z = np.mean(np.log(np.exp(logits).sum(-1)) ** 2)
    gates = softmax(logits)
    if layer.router == "expert_choice":
        for e in range(experts):
            for t in np.argsort(-gates[:, e])[:capacity]:
                outputs[t] += gates[t, e] * expert(e, t)
                taken.add(t)
        load += 1 / experts
        return outputs, 0, z, load, 0, 1 - len(taken) / number
    scores = logits
    if layer.router == "noisy_top_k":
        deviation = np.log1p(np.exp(means @ weights["noise_kernel"]))
        scores = logits + (0 if draws is None else draws * deviation)
    chosen = np.argsort(-scores, axis=-1)[:, :top_k]
    if layer.router == "noisy_top_k":
        gates = np.zeros_like(scores)
        for t in range(number):
            gates[t, chosen[t]] = softmax(scores[t, chosen[t]])
    for rank in range(top_k):
        for t in range(number):
            e = chosen[t, rank]
            load[e] += 1 / (number * top_k)
            if sizes[e] < capacity:
                sizes[e] += 1
                taken.add(t)
                outputs[t] += gates[t, e] * expert(e, t)
            else:
                overflow += 1 / (number * top_k)
    if layer.router == "switch":
        imbalance = experts * sum(load[e] * gates[:, e].mean() for e in range(experts))
    else:
        smooth = np.zeros(experts)
        for t, e in np.ndindex(number, experts):
            others = np.delete(scores[t], e)
            threshold = np.sort(others)[-top_k]
            smooth[e] += distribution((logits[t, e] - threshold) / deviation[t, e])
        imbalance = squared_variation(gates.sum(0)) + squared_variation(smooth)
    return outputs, imbalance, z, load, overflow, 1 - len(taken) / number


def dense_expert(weights, tokens, e, t):
    hidden = np.tanh(tokens[t] @ weights["hidden_kernel"][e] + weights["hidden_bias"][e, 0])
    return hidden @ weights["output_kernel"][e] + weights["output_bias"][e, 0]


@pytest.mark.parametrize("router", ROUTERS)
@pytest.mark.parametrize(("shape", "top_k"), [((13, 6), 1), ((2, 7, 6), 2), ((2, 3, 2, 6), 3)])
def test_outputs_losses_and_variables_are_those_of_a_loop(rng, router, shape, top_k):
    layer, weights = made(rng, shape, router=router, top_k=top_k, output_units=3, jitter=0.3)
    x = rng.normal(size=shape).astype("float32")
    tokens = x.reshape(-1, 6)
    expert = functools.partial(dense_expert, weights, tokens)
    plain, *_ = reference(layer, weights, tokens, expert, None)
    np.testing.assert_allclose(numpy(layer(x)), plain.reshape(*shape[:-1], 3), atol=2e-5)
    assert layer.losses == []
    drawn = numpy(layer.draw(len(tokens), seed=8))
    layer.draw = lambda number: drawn
    outputs, imbalance, z, *variables = reference(layer, weights, tokens, expert, drawn)
    trained = numpy(layer(x, training=True))
    np.testing.assert_allclose(trained, outputs.reshape(*shape[:-1], 3), atol=2e-5)
    np.testing.assert_allclose(numpy(layer.apply(x, drawn)), trained, atol=1e-6)
    losses = [0.001 * z] if router == "expert_choice" else [0.01 * imbalance, 0.001 * z]
    np.testing.assert_allclose([float(loss) for loss in layer.losses], losses, rtol=1e-4)
    for variable, expected in zip(
        (layer.load, layer.overflow, layer.dropped), variables, strict=True
    ):
        np.testing.assert_allclose(numpy(variable), expected, atol=1e-6)
    if router != "expert_choice":
        assert variables[1] > 0  # something was dropped


@pytest.mark.parametrize("router", ROUTERS)
@pytest.mark.parametrize(
    ("shape", "kernel_size"), [((7, 5, 6), 3), ((7, 4, 5, 6), (3, 2)), ((6, 2, 3, 4, 6), 2)]
)
def test_experts_that_convolve_get_whole_images(rng, router, shape, kernel_size):
    layer, weights = made(rng, shape, router=router, kernel_size=kernel_size, jitter=0.3)
    space = len(shape) - 2
    taps = (kernel_size,) * space if isinstance(kernel_size, int) else kernel_size
    assert weights["hidden_kernel"].shape == (5, *taps, 6, 4)
    x = rng.normal(size=shape).astype("float32")

    def expert(e, t):
        kernel, image = weights["hidden_kernel"][e], x[t : t + 1]
        hidden = ops.conv(image, kernel, padding="same", data_format="channels_last")
        hidden = np.tanh(numpy(hidden)[0] + weights["hidden_bias"][e, 0])
        return hidden @ weights["output_kernel"][e] + weights["output_bias"][e, 0]

    means = x.reshape(len(x), -1, 6).mean(1)
    for draws in (None, numpy(layer.draw(len(x)))):
        outputs, *_ = reference(layer, weights, means, expert, draws)
        np.testing.assert_allclose(numpy(layer.apply(x, draws)), outputs, atol=1e-4)


def test_without_biases_and_with_the_size_of_the_inputs(rng):
    layer, weights = made(rng, (9, 6), use_bias=False)
    x = rng.normal(size=(9, 6)).astype("float32")
    zeros = {"hidden_bias": np.zeros((5, 1, 4)), "output_bias": np.zeros((5, 1, 6))}
    assert not set(zeros) & set(weights)
    expert = functools.partial(dense_expert, weights | zeros, x)
    outputs, *_ = reference(layer, weights, x, expert, None)
    np.testing.assert_allclose(numpy(layer(x)), outputs, atol=2e-5)


def test_later_tokens_are_dropped_and_second_choices_before_first_ones(rng):
    x = np.ones((4, 3), "float32")
    layer, _ = made(rng, x.shape, router="switch", top_k=1, capacity_factor=2.5)  # two slots
    y = numpy(layer(x))
    assert np.all(y[:2] != 0)
    np.testing.assert_array_equal(y[2:], 0)
    # Both want experts 0 and 1, in other orders; with one slot each gets its first choice.
    kernel = np.zeros((2, 5))
    kernel[0, :2], kernel[1, :2] = (2, 1), (1, 2)
    layer, _ = made(rng, (2, 2), router="switch", capacity_factor=1.25)
    layer.router_kernel.assign(kernel)
    found = numpy(layer.routing(np.eye(2, dtype="float32")).weights) > 0
    np.testing.assert_array_equal(found, [[True, False], [True, False]])


def test_enough_capacity_drops_nothing(rng):
    x = np.ones((16, 6), "float32")
    for router in ("noisy_top_k", "switch"):
        layer, _ = made(rng, x.shape, router=router, capacity_factor=2.5)
        routing = layer.routing(x)
        assert float(routing.overflow) == float(routing.dropped) == 0


def test_draws_are_normal_or_factors_and_only_of_training(rng):
    noisy, _ = made(rng, (2, 6))
    noise = numpy(noisy.draw(20_000))
    assert noise.shape == (20_000, 5)
    np.testing.assert_allclose(noise.mean(0), 0, atol=0.05)
    np.testing.assert_allclose(noise.std(0), 1, atol=0.05)
    jittered, _ = made(rng, (2, 6), router="switch", jitter=0.2)
    factors = numpy(jittered.draw(1000))
    assert factors.shape == (1000, 6)
    assert 0.8 <= factors.min() < 0.81
    assert 1.19 < factors.max() < 1.2
    np.testing.assert_array_equal(numpy(noisy.draw(3, seed=1)), numpy(noisy.draw(3, seed=1)))
    assert np.any(numpy(noisy.draw(3)) != numpy(noisy.draw(3)))
    x = rng.normal(size=(8, 6)).astype("float32")
    for layer in (noisy, jittered):
        np.testing.assert_array_equal(numpy(layer(x)), numpy(layer(x)))
        assert np.any(numpy(layer(x, training=True)) != numpy(layer(x)))


def test_experts_begin_differently():
    for seed in (None, 1):
        initializer = keras.initializers.GlorotUniform(seed)
        layer = SparseMixtureOfExperts(4, 3, kernel_initializer=initializer)
        layer.build((None, 5))
        kernels = numpy(layer.hidden_kernel)
        assert len(np.unique(kernels.reshape(4, -1), axis=0)) == 4
        assert np.abs(kernels).max() <= (6 / (5 + 3)) ** 0.5  # of one expert's sizes


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16"])
def test_the_router_is_float32_whatever_the_policy(rng, policy):
    layer = SparseMixtureOfExperts(5, 4, router="switch", capacity_factor=2.5, dtype=policy)
    layer.build((None, 6))
    x = keras.ops.cast(rng.normal(size=(9, 6)), layer.compute_dtype)
    weights = layer.routing(x).weights
    assert keras.backend.standardize_dtype(weights.dtype) == "float32"
    exact = softmax(numpy(keras.ops.cast(x, "float32")) @ numpy(layer.router_kernel))
    np.testing.assert_allclose(numpy(weights)[:, 0], exact.max(-1), rtol=1e-5)
    assert keras.backend.standardize_dtype(layer(x).dtype) == layer.compute_dtype


def test_fit_keeps_the_variables_and_files_keep_them(rng, tmp_path):
    x = rng.normal(size=(40, 6)).astype("float32")
    layer = SparseMixtureOfExperts(5, 4, capacity_factor=0.5, seed=1)
    model = keras.Sequential([keras.Input((6,)), layer])
    model.compile("sgd", "mse")
    model.fit(x, x, batch_size=40, verbose=0)
    load = numpy(layer.load)
    assert load.sum() == pytest.approx(1)
    assert float(layer.overflow) > 0.1
    model.evaluate(x, x, verbose=0)
    np.testing.assert_array_equal(numpy(layer.load), load)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(numpy(loaded.layers[0].load), load)
    assert float(loaded.layers[0].overflow) == float(layer.overflow)


OTHERS = [
    pytest.param({"router": "expert_choice"}, (3, 5, 6), id="expert_choice"),
    pytest.param(
        {"router": "noisy_top_k", "kernel_size": 2}, (4, 3, 4, 2), id="noisy_top_k, convolution"
    ),
]


@pytest.mark.parametrize(("options", "shape"), OTHERS)
@pytest.mark.parametrize(
    "promise",
    ["config_is_signature", "symbolic_shape_is_eager", "trains_in_half_precision", "compiles"]
    + [pytest.param(name, marks=pytest.mark.tensorflow) for name in ("works_on_replicas",)],
)
def test_promises_of_the_other_routers_and_of_convolutions(options, shape, promise):
    def make(**kwargs):
        return SparseMixtureOfExperts(4, 3, activation="tanh", seed=7, **options, **kwargs)

    testing.PROMISES[promise](testing.Case("case", make, shape))


@pytest.mark.tensorflow
def test_the_gradient_of_noise_is_the_slope(rng):
    import tensorflow as tf

    layer, _ = made(rng, (9, 6), dtype="float64")
    x, upstream = rng.normal(size=(9, 6)), rng.normal(size=(9, 6))
    draws = numpy(layer.draw(9))
    layer.draw = lambda number: draws

    def loss():
        return tf.reduce_sum(upstream * layer(x, training=True)) + 100 * sum(layer.losses)

    with tf.GradientTape() as tape:
        value = loss()
    weights = layer.trainable_weights
    for weight, gradient in zip(
        weights, tape.gradient(value, [w.value for w in weights]), strict=True
    ):
        start, direction = numpy(weight), rng.normal(size=weight.shape)
        ends = []
        for sign in (1, -1):
            weight.assign(start + sign * 1e-6 * direction)
            ends.append(float(loss()))
        weight.assign(start)
        slope = (ends[0] - ends[1]) / 2e-6
        assert float(np.sum(gradient * direction)) == pytest.approx(slope, rel=1e-5), weight.name


@pytest.mark.tensorflow
@pytest.mark.parametrize("router", ROUTERS)
def test_neither_operations_nor_tensors_grow_with_the_experts(router):
    import tensorflow as tf

    def graph(num_experts):
        layer = SparseMixtureOfExperts(num_experts, 32, router=router, seed=1)
        layer.build((256, 16))

        @tf.function(input_signature=[tf.TensorSpec((256, 16))])
        def step(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = tf.reduce_sum(layer(x, training=True)) + sum(layer.losses)
            return tape.gradient(loss, x)

        operations = step.get_concrete_function().graph.get_operations()
        sizes = [t.shape.num_elements() for op in operations for t in op.outputs if t.shape.rank]
        return len(operations), max(size for size in sizes if size)

    few, many = graph(4), graph(16)
    assert few[0] == many[0]
    # A hidden layer in all slots, not one of all experts for all tokens.
    assert few[1] == many[1] == 1.25 * 2 * 256 * 32


def test_no_tokens_at_all():
    layer = SparseMixtureOfExperts(4, 3, output_units=2)
    assert tuple(layer(np.zeros((0, 5, 6), "float32"), training=True).shape) == (0, 5, 2)
    assert tuple(layer(np.zeros((2, 0, 6), "float32")).shape) == (2, 0, 2)


@pytest.mark.tensorflow
def test_no_tokens_in_a_graph_that_does_not_know():
    import tensorflow as tf

    for router in ROUTERS:
        layer = SparseMixtureOfExperts(4, 3, router=router)
        layer.build((None, 6))

        @tf.function(input_signature=[tf.TensorSpec((None, 6))])
        def step(x, layer=layer):
            return layer(x, training=True), layer.losses

        outputs, losses = step(np.zeros((0, 6), "float32"))
        assert tuple(outputs.shape) == (0, 6)
        np.testing.assert_array_equal(losses, 0)


def test_bad_arguments_are_named():
    make = functools.partial(SparseMixtureOfExperts, 4, 8)
    with pytest.raises(ValueError, match="`top_k` must be at most `num_experts`, 4. Rec.*top_k=5"):
        make(top_k=5)
    for factor in (0, -1.0, float("nan"), float("inf"), None, True):
        with pytest.raises(ValueError, match="`capacity_factor` must be above 0.*no token. Rec"):
            make(capacity_factor=factor)
    with pytest.raises(ValueError, match="`router` must be one of"):
        make(router="top")
    with pytest.raises(ValueError, match=r"`jitter` must be in \[0, 1\)"):
        make(jitter=1)
    for name in ("balance_weight", "z_weight"):
        with pytest.raises(ValueError, match=f"`{name}` must be 0 or above"):
            make(**{name: -1})
    for name in ("top_k", "output_units", "kernel_size"):
        with pytest.raises(ValueError, match=f"`{name}` must be a positive integer"):
            make(**{name: 0})
    with pytest.raises(ValueError, match="`num_experts` must be a positive integer"):
        SparseMixtureOfExperts(0, 8)
    with pytest.raises(ValueError, match="`expert_units` must be a positive integer"):
        SparseMixtureOfExperts(4, 0)
    with pytest.raises(ValueError, match="static size"):
        make().build((2, None))
    with pytest.raises(ValueError, match="rank 3, 4 or 5.*input_shape=\\(2, 6\\)"):
        make(kernel_size=3).build((2, 6))
    with pytest.raises(ValueError, match="`kernel_size` must be a positive integer or 2 of them"):
        make(kernel_size=(3, 3, 3)).build((2, 5, 6, 3))
    assert layers.SparseMixtureOfExperts is SparseMixtureOfExperts
