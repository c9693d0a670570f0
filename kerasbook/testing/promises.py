"""The promises, one function each: what is promised stands in its first line."""

import json
import pathlib
import tempfile

import keras
import numpy as np

from kerasbook.testing.case import (
    arguments_of,
    assert_close,
    call,
    check,
    copies,
    has_training_mode,
    is_random,
    model_of,
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
    assert_close(loaded.predict(x, verbose=0), model.predict(x, verbose=0), 1e-6)


def symbolic_shape_is_eager(case):
    """A symbolic call promises the shape that the eager one has, unknown sizes included."""
    layer, x = case.layer(), case.inputs()
    eager = call(layer, x).shape
    computed = tuple(layer.compute_output_shape(x.shape))
    check(computed == eager, f"computed {computed} for {eager}")
    static = tuple(keras.Model(i := keras.Input(x.shape[1:]), layer(i)).output.shape)
    check(static == (None, *eager[1:]), f"{static} for {eager}")
    rank = len(x.shape)
    kept = {axis % rank for axis in case.channel_axes}
    open_shape = tuple(x.shape[i] if i in kept else None for i in range(1, rank))
    symbol = keras.Input(open_shape)
    model = keras.Model(symbol, layer(symbol))
    promised = tuple(model.output.shape)
    fits = len(promised) == len(eager) and all(
        size in (None, real) for size, real in zip(promised, eager, strict=True)
    )
    check(fits, f"{promised} for {eager}")
    check(model.predict(x, verbose=0).shape == eager, "of unknown sizes comes another shape")


def leaves_inputs(case):
    """The inputs are not changed."""
    layer, x = case.layer(), case.inputs()
    tensor = keras.ops.convert_to_tensor(x.copy())
    for training in (False, True):
        call(layer, tensor, training)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(tensor), x)


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
        result = call(first, x, training=True)
        np.testing.assert_array_equal(result, call(second, x, training=True))
        second = call(first, x, training=True)
        check(np.any(result != second), "the second call drew the same")


def images_draw_independently(case):
    """Equal samples of one batch come out differently."""
    layer = case.layer()
    if is_random(layer):
        outputs = call(layer, copies(case), training=True)
        different = len(np.unique(outputs.reshape(len(outputs), -1), axis=0))
        check(different > 1, "all samples drew the same")


def batch_is_single(case):
    """A sample's result does not depend on the rest of its batch."""
    layer, x = case.layer(), case.inputs()
    singles = np.concatenate([call(layer, x[i : i + 1]) for i in range(len(x))])
    assert_close(call(layer, x), singles, 1e-6)


def trains_in_half_precision(case):
    """A training step in both mixed precisions has a finite loss and finite gradients."""
    for policy in HALF_PRECISIONS:
        model = model_of(case, dtype=policy)
        loss = train_once(model, case, jit_compile=False)
        check(np.isfinite(loss), f"{policy}: the loss is {loss}")
        for weight in model.trainable_weights:
            value = keras.ops.convert_to_numpy(weight)
            check(np.all(np.isfinite(value)), f"{policy}: {weight.path} is not finite")


def compiles(case):
    """Prediction and a training step work under `jit_compile=True`, with the same results."""
    x, model = case.inputs(), model_of(case)
    plain = model.predict(x, verbose=0)
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
        dataset = tf.data.Dataset.from_tensors(x)
        dataset = dataset.map(lambda images, layer=mapped, mode=mode: layer(images, **mode))
        assert_close(next(iter(dataset)).numpy(), call(direct, x, training))


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
            loss = tf.reduce_mean(tf.square(outputs))
        if layer.trainable_variables:
            weights = [weight.value for weight in layer.trainable_variables]
            optimizer.apply(tape.gradient(loss, weights), layer.trainable_variables)
        return outputs

    step = tf.function(lambda: strategy.run(on_replica))
    first, second = (v.numpy() for v in strategy.experimental_local_results(step()))
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
    """In float64 the gradient agrees with the centred difference, with and without training."""
    import tensorflow as tf

    layer = case.layer(dtype="float64")
    x = tf.Variable(case.inputs("float64"))
    generator = np.random.default_rng(2)
    kept = [(w, w.numpy()) for w in layer.variables]
    variables = [x, *(w.value for w in layer.trainable_weights)]
    for training in (False, True) if has_training_mode(layer) else (None,):
        mode = {} if training is None else {"training": training}
        weights = None

        def loss(mode=mode):
            nonlocal weights
            for weight, value in kept:  # averages and seeds as they were
                if not weight.trainable:
                    weight.assign(value)
            outputs = layer(x, **mode)
            if weights is None:
                weights = generator.normal(size=outputs.shape)
            return tf.reduce_sum(weights * outputs)

        with tf.GradientTape() as tape:
            value = loss()
        for variable, gradient in zip(variables, tape.gradient(value, variables), strict=True):
            direction = generator.normal(size=variable.shape)
            step = 1e-6
            start = variable.numpy()
            ends = []
            for sign in (1, -1):
                variable.assign(start + sign * step * direction)
                ends.append(float(loss()))
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
