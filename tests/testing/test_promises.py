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


@keras.saving.register_keras_serializable(package="kerasbook_tests")
class Pair(Scale):
    """Two inputs, the second of integers, and two outputs, the second of integers."""

    def call(self, inputs):
        images, numbers = inputs
        return keras.ops.square(images), numbers + 1

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def compute_output_spec(self, inputs):
        return tuple(keras.KerasTensor(x.shape, x.dtype) for x in inputs)


@keras.saving.register_keras_serializable(package="kerasbook_tests")
class WrongDtype(Pair):
    def compute_output_spec(self, inputs):
        return tuple(keras.KerasTensor(x.shape, "float32") for x in inputs)


@keras.saving.register_keras_serializable(package="kerasbook_tests")
class WrongGradient(Pair):
    def call(self, inputs):
        images, numbers = inputs
        return keras.ops.stop_gradient(images) * images, numbers


@keras.saving.register_keras_serializable(package="kerasbook_tests")
class Sum(Scale):
    """Several inputs of different sizes and one output, in a dictionary."""

    def call(self, inputs):
        first, second = inputs
        return {"sum": first + keras.ops.sum(second, axis=1, keepdims=True)}

    def compute_output_shape(self, input_shape):
        return {"sum": input_shape[0]}


def _image_and_numbers(generator):
    return [generator.normal(size=(3, 4, 2)), generator.integers(0, 9, (3, 5, 2), dtype="int32")]


def test_layers_of_several_inputs_and_outputs_pass_all():
    assert check_layer(Pair, make_inputs=_image_and_numbers) == list(promises())
    assert check_layer(Sum, [(3, 4, 2), (3, 5, 2)]) == list(promises())


@pytest.mark.parametrize(
    ("layer", "promise"),
    [
        (WrongDtype, "symbolic_shape_is_eager"),
        pytest.param(WrongGradient, "gradient_is_slope", marks=pytest.mark.tensorflow),
    ],
)
def test_a_bad_layer_of_several_outputs_is_told_which_promise_it_breaks(layer, promise):
    others = {name: "not looked at here" for name in PROMISES if name != promise}
    with pytest.raises(AssertionError, match=f"breaks {promise}"):
        check_layer(layer, make_inputs=_image_and_numbers, exceptions=others)
