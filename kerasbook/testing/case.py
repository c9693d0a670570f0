"""A layer to be checked, and what the promises do with it."""

import dataclasses
import inspect

import keras
import numpy as np
from keras import tree


@dataclasses.dataclass(frozen=True)
class Case:
    """A layer to be checked.

    Attributes:
        name: What messages call it.
        make: Function that returns a new layer; keyword arguments such as `dtype` are passed
            to its constructor.
        input_shape: Shape of the random inputs, the batch first and at least 2; a list of shapes
            for a layer of several inputs.
        channel_axes: Axes, besides the batch, that stay static in symbolic calls.
        exceptions: Dictionary from the name of a promise that is not made to the reason.
        gradient_error: Greatest relative error of the gradient, `1e-6`, or `1e-4` at a kink.
        make_inputs: Function from a NumPy generator to the inputs, an array or a list of them,
            in the place of normal numbers of `input_shape`; integers in it stay integers.
    """

    name: str
    make: callable
    input_shape: tuple
    channel_axes: tuple = (-1,)
    exceptions: dict = dataclasses.field(default_factory=dict)
    gradient_error: float = 1e-6
    make_inputs: callable = None

    def inputs(self, dtype="float32", seed=0):
        """Returns asymmetric random inputs, an array or a list of them."""
        generator = np.random.default_rng(seed)
        if self.make_inputs is not None:
            inputs = self.make_inputs(generator)
        else:
            inputs = tree.map_shape_structure(
                lambda shape: generator.normal(0.3, 1.0, shape), self.input_shape
            )
        return tree.map_structure(lambda x: x.astype(dtype) if is_float(x) else x, inputs)

    def layer(self, **kwargs):
        """Returns a built layer whose weights are random, so that none hides behind a zero."""
        layer = self.make(**kwargs)
        layer.build(shapes_of(self.inputs()))
        generator = np.random.default_rng(1)
        for weight in layer.weights:
            if "seed" not in weight.path:
                weight.assign(generator.uniform(0.2, 1.2, weight.shape))
        return layer


def check(holds, message):
    """Raises an `AssertionError` unless something holds; unlike `assert`, under `-O` as well."""
    if not holds:
        raise AssertionError(message)


def is_float(tensor):
    """Tells whether an array, a tensor or a symbolic one holds floating-point numbers."""
    return "float" in keras.backend.standardize_dtype(tensor.dtype)


def shapes_of(tensors):
    """Returns the shapes, tuples of integers and `None`, in the structure of the tensors."""
    return tree.map_structure(lambda tensor: tuple(tensor.shape), tensors)


def flat(arrays):
    """Returns the numbers of a structure of arrays `(batch, ...)` as one array of rows."""
    arrays = tree.flatten(arrays)
    return np.concatenate([array.reshape(len(array), -1) for array in arrays], axis=1)


def arguments_of(kind):
    """Returns the names of a layer class's arguments, with those that it passes to its base.

    A constructor that takes `**kwargs` passes them to its base class, whose arguments count as
    its own; those of `keras.layers.Layer` do so only where no class has a constructor, as then
    Keras writes them into the config. A layer of Keras lists all of its own.
    """
    names = set()
    for base in kind.__mro__:
        if base is keras.layers.Layer and names:
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
    """Calls a layer, as training or not if it tells them apart, and returns NumPy.

    A layer of several outputs returns them in its own structure.
    """
    mode = {"training": training} if has_training_mode(layer) else {}
    return tree.map_structure(keras.ops.convert_to_numpy, layer(inputs, **mode))


def assert_close(actual, desired, tolerance=1e-5):
    """Compares arrays, or equal structures of them, up to `tolerance` of each's largest value."""
    for one, other in zip(tree.flatten(actual), tree.flatten(desired), strict=True):
        scale = max(1.0, float(np.max(np.abs(other))))
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * scale)


def two_replicas():
    """Returns a `MirroredStrategy` on two logical CPUs, see `replicas`."""
    return replicas(2)


def replicas(count):
    """Returns a `MirroredStrategy` on so many logical CPUs.

    Raises:
        RuntimeError: If there are fewer; TensorFlow must be told before its first operation.
    """
    import tensorflow as tf

    if len(tf.config.list_logical_devices("CPU")) < count:
        raise RuntimeError(
            f"{count} logical CPUs are needed; before TensorFlow runs its first operation call "
            "tf.config.set_logical_device_configuration(tf.config.list_physical_devices('CPU')"
            f"[0], [tf.config.LogicalDeviceConfiguration()] * {count})"
        )
    # The collective kernels of two strategies in one process would get in each other's way.
    return tf.distribute.MirroredStrategy(
        [f"CPU:{number}" for number in range(count)],
        cross_device_ops=tf.distribute.ReductionToOneDevice(),
    )


def copies(case):
    """Returns eight equal samples, so that all differences come from draws."""
    return tree.map_structure(lambda x: np.repeat(x[:1], 8, axis=0), case.inputs())


@keras.saving.register_keras_serializable(package="kerasbook_testing")
class _Gain(keras.layers.Layer):
    """Multiplies by one weight, so that a model of any layer has something to train."""

    def build(self, input_shape):
        self.gain = self.add_weight(name="gain", shape=(), initializer="ones")

    def call(self, inputs):
        return inputs * self.gain

    def compute_output_shape(self, input_shape):
        return input_shape


def symbols(inputs, channel_axes=None):
    """Returns `keras.Input`s like the arrays; with `channel_axes`, all other sizes unknown."""

    def symbol(x):
        rank = len(x.shape)
        kept = range(rank) if channel_axes is None else {axis % rank for axis in channel_axes}
        shape = tuple(x.shape[i] if i in kept else None for i in range(1, rank))
        return keras.Input(shape, dtype=None if is_float(x) else x.dtype.name)

    return tree.map_structure(symbol, inputs)


def model_of(case, **kwargs):
    """Returns a model of a case's layer, its floating-point inputs multiplied by a weight."""
    inputs = symbols(case.inputs())
    gain = _Gain(name="gain", **kwargs)
    gained = tree.map_structure(lambda x: gain(x) if is_float(x) else x, inputs)
    return keras.Model(inputs, case.layer(**kwargs)(gained))


def train_once(model, case, *, jit_compile=False, run_eagerly=False):
    """Trains a model on one batch towards zero and returns the loss; integers have none."""
    outputs = tree.map_structure(lambda t: t, model.output)
    losses = [("mean_squared_error" if is_float(t) else None) for t in tree.flatten(outputs)]
    x = case.inputs()
    batch = len(tree.flatten(x)[0])
    target = tree.map_structure(lambda t: np.zeros((batch, *t.shape[1:]), "float32"), outputs)
    model.compile(
        keras.optimizers.SGD(1e-3),
        tree.pack_sequence_as(outputs, losses),
        jit_compile=jit_compile,
        run_eagerly=run_eagerly,
    )
    return float(model.train_on_batch(x, target))
