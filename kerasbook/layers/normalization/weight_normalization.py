"""Weight normalization: the length of each output's weights is a parameter of its own."""

import contextlib

import keras
from keras import ops

from kerasbook import ops as kernels
from kerasbook.layers.kernel_axes import channel_axis, kernel_of, output_axes
from kerasbook.layers.told import no_products

# Below, a variance of outputs is none, and a sum of squares is raised to it.
SMALLEST_SQUARE = 1e-12


@keras.saving.register_keras_serializable(package="kerasbook")
class WeightNormalization(keras.layers.Wrapper):
    """Calls a layer with the kernel `w = g v / ||v||`, the norm taken for each output apart.

    The layer's own variable `kernel` becomes the direction `v`; the lengths `g` are the
    wrapper's, and start at `||v||`, so that `w = v`. An output is a unit of a dense layer, a
    filter of a convolution, or, in a depthwise one, a pair of input channel and multiplier.

    With `data_initialization`, the first batch of the training sets `g` and the bias such that
    the layer's results before its activation have mean 0 and variance 1 over the batch (of all
    replicas) and the positions: `g = 1 / s` and `b = -m / s`, with mean `m` and deviation `s`
    of the results for `g = 1` and `b = 0`. On JAX, whose training step keeps no value that a
    call sets, call `initialize` with a batch instead, before the training.

    Args:
        layer: A layer with a `kernel`: dense, convolution, depthwise or transposed. Its kernel's
            regularizer and constraint act on `v`.
        data_initialization: Whether the first batch of the training sets `g` and the bias.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name`; without a `dtype`, it is `layer`'s.

    Call arguments:
        inputs: What `layer` takes. A mask passes as it does through `layer`.
        training: Whether this may be the first batch of the training. Defaults to `False`.

    Returns:
        What `layer` returns.

    Raises:
        ValueError: If `layer` is no layer with one kernel, or its kernel has no axis of outputs.

    Example:
        >>> layer = kerasbook.layers.WeightNormalization(keras.layers.Dense(3))
        >>> y = layer(np.random.default_rng(0).normal(5, 2, (64, 4)), training=True)
        >>> bool(np.allclose(np.mean(y, 0), 0, atol=1e-4)), bool(np.allclose(np.var(y, 0), 1))
        (True, True)

    Reference:
        Salimans and Kingma, 2016, sections 2 and 3, https://arxiv.org/abs/1602.07868
    """

    multiply_adds = no_products

    makes_kernel = True  # for procedures on kernels: the wrapped layer's is not its own

    def __init__(self, layer, *, data_initialization=True, **kwargs):
        if isinstance(layer, keras.layers.Layer):
            output_axes(layer)
            kwargs.setdefault("dtype", layer.dtype_policy)
        super().__init__(layer, **kwargs)
        self.supports_masking = layer.supports_masking
        self.data_initialization = data_initialization

    def build(self, input_shape):
        super().build(input_shape)
        kernel = kernel_of(self.layer)
        rank = len(kernel.shape)
        outputs = [axis % rank for axis in output_axes(self.layer)]
        self._summed = tuple(axis for axis in range(rank) if axis not in outputs)
        self.g = self.add_weight(
            name="g",
            shape=tuple(kernel.shape[axis] for axis in outputs),
            dtype=kernel.dtype,
            initializer=lambda shape, dtype: ops.sqrt(self._squares(ops.cast(kernel, dtype))),
            autocast=False,
        )
        self.initialized = self.add_weight(
            name="initialized",
            shape=(),
            dtype="bool",
            initializer=lambda shape, dtype: ops.zeros(shape, dtype),
            trainable=False,
        )

    def call(self, inputs, training=False):
        if (
            training
            and self.trainable
            and self.data_initialization
            and kernels.calls_may_set_trainable_variables()
        ):
            self._initialize_once(inputs)
        pairs = self._variables(self.g)
        with keras.StatelessScope(pairs, collect_losses=True) as scope:
            outputs = self.layer(inputs)
        for loss in scope.losses:
            self.add_loss(loss)
        kernel = kernel_of(self.layer)
        for variable, value in pairs:  # such as the states of seeds
            moved = scope.get_current_value(variable)
            if variable is not kernel and moved is not None and moved is not value:
                variable.assign(moved)
        return outputs

    def initialize(self, data):
        """Sets `g` and the bias by a batch of inputs, as the first batch of the training would.

        Args:
            data: Inputs of this layer: those of the model, for its first layer only.
        """
        data = ops.convert_to_tensor(data, dtype=self.compute_dtype)
        if not self.built:
            self.build(data.shape)
        self._set(*self._moments(data))

    def without_normalization(self):
        """Returns a new layer of the wrapped one's class and name, with the kernel `w`."""
        layer = type(self.layer).from_config(self.layer.get_config())
        layer.build_from_config(self.layer.get_build_config())
        layer.set_weights(self.layer.get_weights())
        kernel = ops.convert_to_tensor(kernel_of(self.layer))
        kernel_of(layer).assign(self._normalized(kernel, self.g))
        return layer

    def _squares(self, v):
        return ops.maximum(ops.sum(ops.square(v), axis=self._summed), SMALLEST_SQUARE)

    def _normalized(self, v, g):
        """Returns `g v / ||v||`, computed in the dtype of the variables."""
        v = ops.cast(v, self.g.dtype)
        factors = ops.expand_dims(g * ops.rsqrt(self._squares(v)), self._summed)
        return v * factors

    def _variables(self, g):
        """Returns pairs of the layer's variables and values, with `w` in place of the kernel."""
        kernel = kernel_of(self.layer)
        values = [(v, v.value) for v in self.layer.variables if v is not kernel]
        return [*values, (kernel, self._normalized(kernel.value, g))]

    def _moments(self, inputs):
        """Returns mean and variance of each output before the activation, for `g = 1`."""
        pairs = self._variables(ops.ones_like(self.g.value))
        bias = getattr(self.layer, "bias", None)
        pairs = [(v, ops.zeros_like(x) if v is bias else x) for v, x in pairs]
        with keras.StatelessScope(pairs), _without_activation(self.layer):
            outputs = self.layer(inputs)
        outputs = ops.cast(ops.stop_gradient(outputs), self.g.dtype)
        axis = channel_axis(self.layer) % len(outputs.shape)
        mean, variance = ops.moments(outputs, [i for i in range(len(outputs.shape)) if i != axis])
        return ops.reshape(mean, self.g.shape), ops.reshape(variance, self.g.shape)

    def _initialize_once(self, inputs):
        first = ops.logical_not(self.initialized.value)
        nothing = (ops.zeros(self.g.shape, self.g.dtype),) * 2
        mean, variance = ops.cond(first, lambda: self._moments(inputs), lambda: nothing)
        # Replicas talk to each other outside of the branches only.
        mean_of_all = kernels.mean_over_replicas(mean)
        variance = kernels.mean_over_replicas(variance + ops.square(mean - mean_of_all))

        def assign():
            self._set(mean_of_all, variance)
            return True

        ops.cond(first, assign, lambda: False)

    def _set(self, mean, variance):
        varies = variance > SMALLEST_SQUARE
        g = ops.where(varies, ops.rsqrt(ops.maximum(variance, SMALLEST_SQUARE)), 1)
        self.g.assign(g)
        bias = getattr(self.layer, "bias", None)
        if bias is not None:
            bias.assign(ops.reshape(-mean * g, bias.shape))
        self.initialized.assign(ops.ones((), "bool"))

    def compute_mask(self, inputs, previous_mask):
        return self.layer.compute_mask(inputs, previous_mask)

    def receptive_field_steps(self):
        """Returns those of the layer within, for `kerasbook.receptive_field`."""
        return [[self.layer]]

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def get_config(self):
        config = super().get_config()
        # Keras adds the input's shape once the layer is built; the wrapper's own says as much.
        config["layer"].pop("build_config", None)
        return {**config, "data_initialization": self.data_initialization}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        layer = keras.saving.deserialize_keras_object(config["layer"], custom_objects)
        return cls(**{**config, "layer": layer})


@contextlib.contextmanager
def _without_activation(layer):
    activation = getattr(layer, "activation", None)
    if activation is None:
        yield
        return
    layer.activation = keras.activations.linear
    try:
        yield
    finally:
        layer.activation = activation
