"""`check_layer` itself: it passes a good layer and names the promise that a bad one breaks."""

import keras
import pytest

from kerasbook.testing import PROMISES, check_layer, promises


@keras.saving.register_keras_serializable(package="kerasbook_tests")
class Scale(keras.layers.Layer):
    """Multiplies by a constant; subclasses break one promise each."""

    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Forgetful(Scale):
    def get_config(self):
        return keras.layers.Layer.get_config(self)


@keras.saving.register_keras_serializable(package="kerasbook_tests")
class Neighbourly(Scale):
    def call(self, inputs):
        return inputs - keras.ops.mean(inputs, axis=0)


@keras.saving.register_keras_serializable(package="kerasbook_tests")
class Liar(Scale):
    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 1)


@keras.saving.register_keras_serializable(package="kerasbook_tests")
class Noisy(Scale):
    """Adds one draw to the whole batch, in training and out of it."""

    def __init__(self, factor=2.0, **kwargs):
        super().__init__(factor, **kwargs)
        self.seed_generator = keras.random.SeedGenerator(3)

    def call(self, inputs, training=False):
        return inputs + keras.random.normal(
            (1, 1, 1, 1), seed=self.seed_generator, dtype=inputs.dtype
        )


def test_a_good_layer_passes_all():
    assert check_layer(Scale, (3, 4, 5, 2)) == list(promises())


@pytest.mark.parametrize(
    ("layer", "promise"),
    [
        (Forgetful, "config_is_signature"),
        (Neighbourly, "batch_is_single"),
        (Liar, "symbolic_shape_is_eager"),
        (Noisy, "identity_outside_training"),
    ],
)
def test_a_bad_layer_is_told_which_promise_it_breaks(layer, promise):
    others = {name: "broken by the same fault" for name in PROMISES if name != promise}
    with pytest.raises(AssertionError, match=f"breaks {promise}"):
        check_layer(layer, (3, 4, 5, 2), exceptions=others)
    with pytest.raises(AssertionError, match="breaks"):
        check_layer(layer, (3, 4, 5, 2))


def test_one_draw_for_all_images_is_found():
    with pytest.raises(AssertionError):
        PROMISES["images_draw_independently"](_case(Noisy))


@pytest.mark.tensorflow
def test_the_same_draw_on_both_replicas_is_found():
    with pytest.raises(AssertionError, match="both replicas drew the same"):
        PROMISES["works_on_replicas"](_case(Noisy))


def _case(layer):
    from kerasbook.testing import Case

    return Case("noisy", layer, (3, 4, 5, 2))


def test_exceptions_must_name_promises():
    with pytest.raises(ValueError, match="`exceptions` must name promises.*flies"):
        check_layer(Scale, (2, 3), exceptions={"flies": "it does not"})
