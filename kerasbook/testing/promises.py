"""The promises, one function each: what is promised stands in its first line."""

import json
import pathlib
import tempfile

import keras
import numpy as np
from keras import tree

from kerasbook.testing.case import (
    arguments_of,
    assert_close,
    call,
    check,
    copies,
    flat,
    has_training_mode,
    is_float,
    is_random,
    model_of,
    shapes_of,
    symbols,
    train_once,
    two_replicas,
)
from kerasbook.testing.saved_models import check_saved_models, write_saved_model

HALF_PRECISIONS = ("mixed_bfloat16", "mixed_float16")


def config_is_signature(case):
    """The config holds exactly the constructor's arguments, in JSON, before and after a call."""
    layer = case.make()
    before = layer.get_config()
    arguments = arguments_of(type(layer))
    base = {"name", "trainable", "dtype"}
    check(set(before) == arguments | base, f"one has not {set(before) ^ (arguments | base)}")
    check(json.loads(json.dumps(before)) == before, f"not plain JSON: {before}")
    call(layer, case.inputs())
    after = layer.get_config()
    check(after == before, f"the call changed {before} to {after}")
    again = type(layer).from_config(before).get_config()
    check(again == before, f"{before} came back as {again}")


def reloads(case):
    """A saved `.keras` file loads without `custom_objects` and gives equal outputs."""
    x, model = case.inputs(), model_of(case)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.keras"
        model.save(path)
        loaded = keras.saving.load_model(path)
    # The one as a graph and the other operation by operation, which have to agree as well.
    assert_close(loaded.predict(x, verbose=0), call(model, x), 1e-6)


def symbolic_shape_is_eager(case):
    """A symbolic call promises the shape that the eager one has, unknown sizes included."""
    layer, x = case.layer(), case.inputs()
    outputs = call(layer, x)
    eager = shapes_of(outputs)
    computed = layer.compute_output_shape(shapes_of(x))
    check(
        tree.lists_to_tuples(computed) == tree.lists_to_tuples(eager),
        f"computed {computed} for {eager}",
    )
    for channel_axes in (None, case.channel_axes):
        inputs = symbols(x, channel_axes)
        model = keras.Model(inputs, layer(inputs))
        for promised, real in zip(tree.flatten(model.output), tree.flatten(outputs), strict=True):
            sizes = tuple(promised.shape)
            known = (None, *real.shape[1:])
            fits = len(sizes) == len(known) and all(
                size in (None, length) for size, length in zip(sizes, real.shape, strict=True)
            )
            check(fits if channel_axes else sizes == known, f"{sizes} for {real.shape}")
            dtype = keras.backend.standardize_dtype(promised.dtype)
            check(dtype == real.dtype.name, f"{dtype} for {real.dtype.name}")
    predicted = shapes_of(tree.flatten(model.predict(x, verbose=0)))  # of the unknown sizes
    check(predicted == shapes_of(tree.flatten(outputs)), f"predicted {predicted} for {eager}")


def leaves_inputs(case):
    """The inputs are not changed."""
    layer, x = case.layer(), case.inputs()
    tensors = tree.map_structure(lambda array: keras.ops.convert_to_tensor(array.copy()), x)
    for training in (False, True):
        call(layer, tensors, training)
    for tensor, array in zip(tree.flatten(tensors), tree.flatten(x), strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(tensor), array)


def identity_outside_training(case):
    """A random layer hands its inputs on when it is not training, which is the default."""
    layer, x = case.layer(), case.inputs()
    if is_random(layer):
        np.testing.assert_array_equal(call(layer, x), x)
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(x)), x)


def one_seed_one_result(case):
    """Two layers made alike draw alike, and two calls of one layer do not."""
    first, second, x = case.layer(), case.layer(), copies(case)
    if is_random(first):
        result = flat(call(first, x, training=True))
        np.testing.assert_array_equal(result, flat(call(second, x, training=True)))
        second = flat(call(first, x, training=True))
        check(np.any(result != second), "the second call drew the same")


def images_draw_independently(case):
    """Equal samples of one batch come out differently."""
    layer = case.layer()
    if is_random(layer):
        outputs = flat(call(layer, copies(case), training=True))
        different = len(np.unique(outputs, axis=0))
        check(different > 1, "all samples drew the same")


def batch_is_single(case):
    """A sample's result does not depend on the rest of its batch."""
    layer, x = case.layer(), case.inputs()
    together = call(layer, x)
    for i in range(len(tree.flatten(x)[0])):
        single = call(layer, tree.map_structure(lambda array, i=i: array[i : i + 1], x))
        assert_close(
            single, tree.map_structure(lambda array, i=i: array[i : i + 1], together), 1e-6
        )


def trains_in_half_precision(case):
    """A training step in both mixed precisions has a finite loss and finite gradients."""
    for policy in HALF_PRECISIONS:
        model = model_of(case, dtype=policy)
        # Operation by operation, much the faster to begin; `compiles` has the step as a graph.
        loss = train_once(model, case, run_eagerly=True)
        check(np.isfinite(loss), f"{policy}: the loss is {loss}")
        for weight in model.trainable_weights:
            value = keras.ops.convert_to_numpy(weight)
            check(np.all(np.isfinite(value)), f"{policy}: {weight.path} is not finite")


def compiles(case):
    """Prediction and a training step work under `jit_compile=True`, with the same results."""
    x, model = case.inputs(), model_of(case)
    plain = call(model, x)
    model.compile(jit_compile=True)
    assert_close(model.predict(x, verbose=0), plain)
    check(np.isfinite(train_once(model, case, jit_compile=True)), "the loss is not finite")


def works_in_dataset_map(case):
    """The layer works inside `tf.data.Dataset.map`, in training and out of it."""
    import tensorflow as tf

    x = case.inputs()
    for training in (False, True):
        mapped, direct = case.layer(), case.layer()  # two, whose draws begin alike
        mode = {"training": training} if has_training_mode(mapped) else {}
        # A list would be stacked to one tensor, and several components become arguments.
        dataset = tf.data.Dataset.from_tensors({"x": tuple(x) if isinstance(x, list) else x})
        dataset = dataset.map(lambda row, layer=mapped, mode=mode: layer(row["x"], **mode))
        result = tree.map_structure(keras.ops.convert_to_numpy, next(iter(dataset)))
        assert_close(result, call(direct, x, training))


def works_on_replicas(case):
    """A training step on two replicas runs, and a random layer draws differently on each."""
    import tensorflow as tf

    x = copies(case)
    strategy = two_replicas()
    with strategy.scope():
        layer = case.layer()
        optimizer = keras.optimizers.SGD(1e-3)
        optimizer.build(layer.trainable_variables)

    def on_replica():
        mode = {"training": True} if has_training_mode(layer) else {}
        with tf.GradientTape() as tape:
            outputs = layer(x, **mode)
            loss = sum(tf.reduce_mean(tf.square(t)) for t in tree.flatten(outputs) if is_float(t))
        if layer.trainable_variables:
            weights = [weight.value for weight in layer.trainable_variables]
            optimizer.apply(tape.gradient(loss, weights), layer.trainable_variables)
        return tree.flatten(outputs)

    step = tf.function(lambda: strategy.run(on_replica))
    results = [strategy.experimental_local_results(value) for value in step()]
    first, second = (
        flat([np.asarray(value) for value in held]) for held in zip(*results, strict=True)
    )
    check(np.all(np.isfinite(first)), "the outputs are not finite")
    if is_random(layer):
        check(np.any(first != second), "both replicas drew the same")
    else:
        assert_close(first, second)
    for weight in layer.trainable_variables:
        held = [v.numpy() for v in strategy.experimental_local_results(weight.value)]
        check(np.all(np.isfinite(held[0])), f"{weight.path} is not finite")
        np.testing.assert_array_equal(held[0], held[1])


def gradient_is_slope(case):
    """In float64 the gradient agrees with the centred difference, with and without training.

    What a layer adds by `add_loss` belongs to it.
    """
    import tensorflow as tf

    layer = case.layer(dtype="float64")
    x = tree.map_structure(
        lambda array: tf.Variable(array) if is_float(array) else array, case.inputs("float64")
    )
    generator = np.random.default_rng(2)
    kept = [(w, w.numpy()) for w in layer.variables]
    variables = [v for v in tree.flatten(x) if isinstance(v, tf.Variable)]
    variables += [w.value for w in layer.trainable_weights]
    for training in (False, True) if has_training_mode(layer) else (None,):
        mode = {} if training is None else {"training": training}
        weights = None

        def loss(mode=mode):
            nonlocal weights
            for weight, value in kept:  # averages and seeds as they were
                if not weight.trainable:
                    weight.assign(value)
            outputs = [t for t in tree.flatten(layer(x, **mode)) if is_float(t)]
            if weights is None:
                weights = [generator.normal(size=t.shape) for t in outputs]
            values = [tf.reduce_sum(w * t) for w, t in zip(weights, outputs, strict=True)]
            return sum(values) + sum(layer.losses)

        with tf.GradientTape() as tape:
            value = loss()
        # A graph costs as much to build as several calls.
        value_at = tf.function(loss, autograph=False) if len(variables) > 5 else loss
        for variable, gradient in zip(variables, tape.gradient(value, variables), strict=True):
            direction = generator.normal(size=variable.shape)
            step = 1e-6
            start = variable.numpy()
            ends = []
            for sign in (1, -1):
                variable.assign(start + sign * step * direction)
                ends.append(float(value_at()))
            variable.assign(start)
            slope = (ends[0] - ends[1]) / (2 * step)
            claimed = float(np.sum(gradient.numpy() * direction))
            error = abs(claimed - slope) / max(abs(slope), abs(claimed), 1e-3)
            check(error <= case.gradient_error, f"{claimed} for a slope of {slope}")


def serves_without_the_library(case):
    """A process that never imports kerasbook gets `predict`'s results from the SavedModel."""
    with tempfile.TemporaryDirectory() as folder:
        write_saved_model(case, folder)
        check_saved_models([folder])


ON_TENSORFLOW = (
    works_in_dataset_map,
    works_on_replicas,
    gradient_is_slope,
    serves_without_the_library,
)
PROMISES = {
    promise.__name__: promise
    for promise in (
        config_is_signature,
        reloads,
        symbolic_shape_is_eager,
        leaves_inputs,
        identity_outside_training,
        one_seed_one_result,
        images_draw_independently,
        batch_is_single,
        trains_in_half_precision,
        compiles,
        *ON_TENSORFLOW,
    )
}
