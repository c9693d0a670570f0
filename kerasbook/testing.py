"""The promises that every layer of the library keeps, as functions that anybody may call.

`check_layer` runs all of them on a layer of your own. Each promise is one function that takes
a `Case` and raises an `AssertionError` saying what is broken. Promises that speak of
TensorFlow (`Dataset.map`, replicas, SavedModel, float64 gradients) are checked where it is the
backend of Keras; the others on every backend.
"""

import dataclasses
import inspect
import json
import pathlib
import subprocess
import sys
import tempfile

import keras
import numpy as np

HALF_PRECISIONS = ("mixed_bfloat16", "mixed_float16")


@dataclasses.dataclass(frozen=True)
class Case:
    """A layer to be checked.

    Attributes:
        name: What messages call it.
        make: Function that returns a new layer; keyword arguments such as `dtype` are passed
            to its constructor.
        input_shape: Shape of the random inputs, the batch first and at least 2.
        channel_axes: Axes, besides the batch, that stay static in symbolic calls.
        exceptions: Dictionary from the name of a promise that is not made to the reason.
        gradient_error: Greatest relative error of the gradient, `1e-6`, or `1e-4` at a kink.
    """

    name: str
    make: callable
    input_shape: tuple
    channel_axes: tuple = (-1,)
    exceptions: dict = dataclasses.field(default_factory=dict)
    gradient_error: float = 1e-6

    def inputs(self, dtype="float32", seed=0):
        """Returns asymmetric random inputs."""
        return np.random.default_rng(seed).normal(0.3, 1.0, self.input_shape).astype(dtype)

    def layer(self, **kwargs):
        """Returns a built layer whose weights are random, so that none hides behind a zero."""
        layer = self.make(**kwargs)
        layer.build(self.input_shape)
        generator = np.random.default_rng(1)
        for weight in layer.weights:
            if "seed" not in weight.path:
                weight.assign(generator.uniform(0.2, 1.2, weight.shape))
        return layer


def check_layer(make, input_shape, *, channel_axes=(-1,), exceptions=None, gradient_error=1e-6):
    """Runs every promise on a layer and returns the names of those that were checked.

    Args:
        make: Function that returns a new layer and passes keyword arguments such as `dtype`
            on to its constructor; the class itself if it needs no others.
        input_shape: Shape of the random inputs, the batch (at least 2) first.
        channel_axes: Axes that must stay static in symbolic calls, besides the batch's.
        exceptions: Dictionary from the name of a promise that the layer does not make to the
            reason why.
        gradient_error: Greatest relative error of the gradient.

    Raises:
        AssertionError: If a promise is broken; the message names the layer and the promise.

    Example:
        >>> promises = kerasbook.testing.check_layer(
        ...     lambda **kwargs: kerasbook.layers.ChannelShuffle(2, **kwargs), (2, 3, 5, 4)
        ... )
        >>> "config_is_signature" in promises
        True
    """
    case = Case(
        name=getattr(make(), "name", repr(make)),
        make=make,
        input_shape=tuple(input_shape),
        channel_axes=tuple(channel_axes),
        exceptions=dict(exceptions or {}),
        gradient_error=gradient_error,
    )
    unknown = set(case.exceptions) - set(PROMISES)
    if unknown:
        raise ValueError(f"`exceptions` must name promises. Received: {sorted(unknown)}")
    checked = []
    for name, promise in promises().items():
        if name not in case.exceptions:
            try:
                promise(case)
            except AssertionError as error:
                raise AssertionError(f"{case.name} breaks {name}: {error}") from error
            checked.append(name)
    return checked


def promises():
    """Returns the promises that the current backend can check, by name."""
    if keras.backend.backend() == "tensorflow":
        return dict(PROMISES)
    return {name: promise for name, promise in PROMISES.items() if promise not in _TENSORFLOW}


def is_random(layer):
    """Tells whether a layer holds a seed generator."""
    return any(isinstance(v, keras.random.SeedGenerator) for v in vars(layer).values())


def has_training_mode(layer):
    """Tells whether a layer's `call` distinguishes training."""
    return "training" in inspect.signature(layer.call).parameters


def call(layer, inputs, training=False):
    """Calls a layer, as training or not if it tells them apart, and returns NumPy."""
    mode = {"training": training} if has_training_mode(layer) else {}
    return keras.ops.convert_to_numpy(layer(inputs, **mode))


def assert_close(actual, desired, tolerance=1e-5):
    """Compares arrays up to `tolerance` of the largest value."""
    scale = max(1.0, float(np.max(np.abs(desired))))
    np.testing.assert_allclose(actual, desired, rtol=tolerance, atol=tolerance * scale)


def config_is_signature(case):
    """The config holds exactly the constructor's arguments, in JSON, before and after a call."""
    layer = case.make()
    before = layer.get_config()
    arguments = {
        name
        for name, parameter in inspect.signature(type(layer).__init__).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD and name != "self"
    }
    base = {"name", "trainable", "dtype"}
    assert set(before) == arguments | base, set(before) ^ (arguments | base)
    assert json.loads(json.dumps(before)) == before, f"not plain JSON: {before}"
    call(layer, case.inputs())
    assert layer.get_config() == before, f"the call changed {before} to {layer.get_config()}"
    again = type(layer).from_config(before).get_config()
    assert again == before, f"{before} came back as {again}"


def reloads(case):
    """A saved `.keras` file loads without `custom_objects` and gives equal outputs."""
    x, model = case.inputs(), _model(case)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.keras"
        model.save(path)
        loaded = keras.saving.load_model(path)
    assert_close(loaded.predict(x, verbose=0), model.predict(x, verbose=0), 1e-6)


def symbolic_shape_is_eager(case):
    """A symbolic call promises the shape that the eager one has, unknown sizes included."""
    layer, x = case.layer(), case.inputs()
    eager = call(layer, x).shape
    assert tuple(layer.compute_output_shape(x.shape)) == eager
    static = tuple(keras.Model(i := keras.Input(x.shape[1:]), layer(i)).output.shape)
    assert static == (None, *eager[1:]), f"{static} for {eager}"
    rank = len(x.shape)
    kept = {axis % rank for axis in case.channel_axes}
    open_shape = tuple(x.shape[i] if i in kept else None for i in range(1, rank))
    symbol = keras.Input(open_shape)
    model = keras.Model(symbol, layer(symbol))
    assert len(model.output.shape) == len(eager)
    for promised, real in zip(model.output.shape, eager, strict=True):
        assert promised in (None, real), f"{model.output.shape} for {eager}"
    assert model.predict(x, verbose=0).shape == eager


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
    first, second, x = case.layer(), case.layer(), _copies(case)
    if is_random(first):
        result = call(first, x, training=True)
        np.testing.assert_array_equal(result, call(second, x, training=True))
        assert np.any(result != call(first, x, training=True)), "the second call drew the same"


def images_draw_independently(case):
    """Equal samples of one batch come out differently."""
    layer = case.layer()
    if is_random(layer):
        outputs = call(layer, _copies(case), training=True)
        assert len(np.unique(outputs.reshape(len(outputs), -1), axis=0)) > 1


def batch_is_single(case):
    """A sample's result does not depend on the rest of its batch."""
    layer, x = case.layer(), case.inputs()
    singles = np.concatenate([call(layer, x[i : i + 1]) for i in range(len(x))])
    assert_close(call(layer, x), singles, 1e-6)


def trains_in_half_precision(case):
    """A training step in both mixed precisions has a finite loss and finite gradients."""
    for policy in HALF_PRECISIONS:
        model = _model(case, dtype=policy)
        loss = _train(model, case, jit_compile=False)
        assert np.isfinite(loss), f"{policy}: the loss is {loss}"
        for weight in model.trainable_weights:
            value = keras.ops.convert_to_numpy(weight)
            assert np.all(np.isfinite(value)), f"{policy}: {weight.path} is not finite"


def compiles(case):
    """Prediction and a training step work under `jit_compile=True`, with the same results."""
    x, model = case.inputs(), _model(case)
    plain = model.predict(x, verbose=0)
    model.compile(jit_compile=True)
    assert_close(model.predict(x, verbose=0), plain)
    assert np.isfinite(_train(model, case, jit_compile=True))


def works_in_dataset_map(case):
    """The layer works inside `tf.data.Dataset.map`."""
    import tensorflow as tf

    layer, x = case.layer(), case.inputs()
    mode = {"training": False} if has_training_mode(layer) else {}
    dataset = tf.data.Dataset.from_tensors(x).map(lambda images: layer(images, **mode))
    assert_close(next(iter(dataset)).numpy(), call(layer, x))


def works_on_replicas(case):
    """A step on two replicas runs, and a random layer draws differently on each."""
    import tensorflow as tf

    x = _copies(case)
    strategy = tf.distribute.MirroredStrategy(two_devices())
    with strategy.scope():
        layer = case.layer()

    @tf.function
    def step():
        mode = {"training": True} if has_training_mode(layer) else {}
        return strategy.run(lambda: layer(x, **mode))

    first, second = strategy.experimental_local_results(step())
    assert np.all(np.isfinite(first)), "not finite"
    if is_random(layer):
        assert np.any(first != second), "both replicas drew the same"
    else:
        assert_close(first.numpy(), second.numpy())


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
            assert error <= case.gradient_error, f"{claimed} for a slope of {slope}"


def serves_without_the_library(case):
    """A process that never imports kerasbook gets `predict`'s results from the SavedModel."""
    with tempfile.TemporaryDirectory() as folder:
        write_saved_model(case, folder)
        check_saved_models([folder])


def write_saved_model(case, folder):
    """Writes a case's SavedModel with inputs and expected outputs, for `check_saved_models`."""
    x, model = case.inputs(), _model(case)
    expected = model.predict(x, verbose=0)
    model.export(str(folder), verbose=False)
    np.savez(pathlib.Path(folder) / "expected.npz", x=x, y=expected)
    graph = (pathlib.Path(folder) / "saved_model.pb").read_bytes()
    assert b"_XlaMustCompile" not in graph, "the graph holds _XlaMustCompile"


def check_saved_models(folders):
    """Compares SavedModels with what is expected of them, in one process without kerasbook."""
    code = (
        "import sys, numpy as np, tensorflow as tf\n"
        "for folder in sys.argv[1:]:\n"
        "    data = np.load(folder + '/expected.npz')\n"
        "    served = tf.saved_model.load(folder).serve(data['x']).numpy()\n"
        "    limit = 1e-5 * max(1.0, np.abs(data['y']).max())\n"
        "    assert np.abs(served - data['y']).max() <= limit, folder\n"
        "assert 'kerasbook' not in sys.modules and 'keras' not in sys.modules\n"
    )
    command = [sys.executable, "-c", code, *map(str, folders)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr[-2000:]


def two_devices():
    """Returns the names of two logical CPUs, made out of one where TensorFlow still allows it."""
    import tensorflow as tf

    if len(tf.config.list_logical_devices("CPU")) < 2:
        raise RuntimeError(
            "Two logical CPUs are needed; before TensorFlow runs its first operation call "
            "tf.config.set_logical_device_configuration(tf.config.list_physical_devices('CPU')"
            "[0], [tf.config.LogicalDeviceConfiguration()] * 2)"
        )
    return ["CPU:0", "CPU:1"]


def _copies(case):
    """Returns eight equal samples, so that all differences come from draws."""
    return np.repeat(case.inputs()[:1], 8, axis=0)


@keras.saving.register_keras_serializable(package="kerasbook_testing")
class _Gain(keras.layers.Layer):
    """Multiplies by one weight, so that a model of any layer has something to train."""

    def build(self, input_shape):
        self.gain = self.add_weight(name="gain", shape=(), initializer="ones")

    def call(self, inputs):
        return inputs * self.gain

    def compute_output_shape(self, input_shape):
        return input_shape


def _model(case, **kwargs):
    inputs = keras.Input(case.input_shape[1:])
    return keras.Model(inputs, case.layer(**kwargs)(_Gain(name="gain", **kwargs)(inputs)))


def _train(model, case, jit_compile):
    model.compile(keras.optimizers.SGD(1e-3), "mean_squared_error", jit_compile=jit_compile)
    x = case.inputs()
    target = np.zeros((len(x), *model.output.shape[1:]), "float32")
    return float(model.train_on_batch(x, target))


_TENSORFLOW = (
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
        *_TENSORFLOW,
    )
}
