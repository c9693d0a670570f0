"""A layer to be checked, and what the promises do with it."""

import dataclasses
import inspect

import keras
import numpy as np


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


def check(holds, message):
    """Raises an `AssertionError` unless something holds; unlike `assert`, under `-O` as well."""
    if not holds:
        raise AssertionError(message)


def arguments_of(kind):
    """Returns the names of a layer class's arguments, with those that it passes to its base.

    A constructor that takes `**kwargs` passes them to its base class, whose arguments count as
    its own; those of `keras.layers.Layer` do not. A layer of Keras lists all of its own.
    """
    names = set()
    for base in kind.__mro__:
        if base is keras.layers.Layer:
            break
        if "__init__" in vars(base):
            parameters = inspect.signature(base.__init__).parameters.values()
            names |= {p.name for p in parameters if p.kind is not p.VAR_KEYWORD} - {"self"}
            complete = all(p.kind is not p.VAR_KEYWORD for p in parameters)
            if complete or base.__module__.startswith("keras."):
                break
    return names


def is_random(layer):
    """Tells whether a built layer, or one within it, holds the state of a seed generator."""
    return any("seed_generator" in variable.path for variable in layer.variables)


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


def two_replicas():
    """Returns a `MirroredStrategy` on two logical CPUs.

    Raises:
        RuntimeError: If there is one only; TensorFlow must be told before its first operation.
    """
    import tensorflow as tf

    if len(tf.config.list_logical_devices("CPU")) < 2:
        raise RuntimeError(
            "Two logical CPUs are needed; before TensorFlow runs its first operation call "
            "tf.config.set_logical_device_configuration(tf.config.list_physical_devices('CPU')"
            "[0], [tf.config.LogicalDeviceConfiguration()] * 2)"
        )
    # The collective kernels of two strategies in one process would get in each other's way.
    return tf.distribute.MirroredStrategy(
        ["CPU:0", "CPU:1"], cross_device_ops=tf.distribute.ReductionToOneDevice()
    )


def copies(case):
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


def model_of(case, **kwargs):
    inputs = keras.Input(case.input_shape[1:])
    return keras.Model(inputs, case.layer(**kwargs)(_Gain(name="gain", **kwargs)(inputs)))


def train_once(model, case, jit_compile):
    model.compile(keras.optimizers.SGD(1e-3), "mean_squared_error", jit_compile=jit_compile)
    x = case.inputs()
    target = np.zeros((len(x), *model.output.shape[1:]), "float32")
    return float(model.train_on_batch(x, target))
