"""A gated linear unit (Dauphin et al., 2017, https://arxiv.org/abs/1612.08083)."""

import keras

from kerasbook.registry import register


@register("layer")
@keras.saving.register_keras_serializable(package="kerasbook_gated")
class GatedUnit(keras.layers.Layer):
    """Halves the channels: one half, multiplied by the sigmoid of the other."""

    def call(self, inputs):
        values, gates = keras.ops.split(inputs, 2, axis=-1)
        return values * keras.ops.sigmoid(gates)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] // 2)
