"""What the layers share that multiply the last axis by a kernel and add a bias."""

import keras
from keras import constraints, initializers, ops, regularizers

from kerasbook.layers.arguments import boolean, positive_integer, static_channels
from kerasbook.layers.told import along_last_axis, products_of_matrix


class Linear(keras.layers.Layer):
    """Base of layers with a kernel `(features, outputs)` and a bias, as `keras.layers.Dense` has.

    The arguments are described in `kerasbook.layers.Maxout`.
    """

    receptive_field_steps = along_last_axis
    multiply_adds = products_of_matrix

    def __init__(
        self,
        *,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.use_bias = boolean("use_bias", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = keras.layers.InputSpec(min_ndim=2)
        self.supports_masking = True

    def num_outputs(self):
        """Returns the number of the kernel's outputs."""
        raise NotImplementedError

    def build(self, input_shape):
        features = static_channels(input_shape, -1)
        self.input_spec = keras.layers.InputSpec(min_ndim=2, axes={-1: features})
        self.kernel = self.add_weight(
            name="kernel",
            shape=(features, self.num_outputs()),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            autocast=self.autocast,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.num_outputs(),),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                autocast=self.autocast,
            )

    def transform(self, inputs):
        """Returns the inputs times the kernel, and the bias added."""
        return self.add_bias(ops.matmul(ops.cast(inputs, self.kernel_dtype()), self.kernel))

    def kernel_dtype(self):
        """Returns the dtype that inputs are cast to before the kernel multiplies them."""
        return self.compute_dtype

    def add_bias(self, outputs):
        """Adds the bias, if there is one."""
        return ops.add(outputs, self.bias) if self.use_bias else outputs

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.num_outputs())

    def get_config(self):
        return {
            **super().get_config(),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


class Affine(Linear):
    """Base of layers with so many `units`; the arguments are described in `Maxout`."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = positive_integer("units", units)

    def num_outputs(self):
        return self.units

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}
