"""What a recipe is made of: pipelines, model and preprocessing, as the recipe says."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbook import augmentation, recipes
from kerasbook.training import assembly
from kerasbook.training.input.data import LabelledImages

RECIPE = recipes.get_recipe("digits_lenet5").replace(
    model="mlp", model_arguments={"units": [8]}, batch_size=16, mean=(0.5,), std=(0.25,), seed=3
)


@pytest.fixture(scope="module")
def data():
    return LabelledImages("digits")


def test_pipelines_and_model_of_a_recipe(data):
    splits = {name: data.split(name, 40) for name in ("train", "validation")}
    preprocessing = assembly.preprocessing_of(RECIPE, data)
    assert (preprocessing.shape, preprocessing.mean) == ((16, 16, 1), (0.5,))
    strategy, policy = tf.distribute.get_strategy(), augmentation.get_policy("shift")
    training, validation = assembly.pipelines_of(
        RECIPE, splits, preprocessing, policy, strategy, 10
    )
    assert (training.policy, training.steps, training.count) == (policy, 3, 40)
    assert (validation.policy, validation.count) == (None, 40)
    model = assembly.build_model(RECIPE, data, preprocessing, strategy, training.steps)
    again = assembly.build_model(RECIPE, data, preprocessing, strategy, training.steps)
    other = assembly.build_model(RECIPE.replace(seed=4), data, preprocessing, strategy, 3)
    first, same, different = (m.get_weights()[0] for m in (model, again, other))
    np.testing.assert_array_equal(first, same)
    assert (first != different).any()
    assert model.output_shape == (None, 10)


def test_the_dtype_policy_is_the_models_alone(data):
    recipe = RECIPE.replace(precision="mixed_bfloat16")
    preprocessing = assembly.preprocessing_of(recipe, data)
    strategy = tf.distribute.get_strategy()
    model = assembly.build_model(recipe, data, preprocessing, strategy, 1)
    assert model.layers[1].compute_dtype == "bfloat16"
    assert keras.config.dtype_policy().name == "float32"


def test_images_of_many_sizes_need_one():
    class Various:
        image_shape = (None, None, 3)

    with pytest.raises(ValueError, match="`image_size` must be given where the images' sizes vary"):
        assembly.preprocessing_of(RECIPE.replace(image_size=None), Various())
    sized = RECIPE.replace(image_size=(8, 12), mean=(0.5,))
    preprocessing = assembly.preprocessing_of(sized, Various())
    assert preprocessing.shape == (8, 12, 3)


def test_a_model_of_other_classes_is_refused(data):
    recipe = RECIPE.replace(model_arguments={"units": [8], "include_top": False})
    preprocessing = assembly.preprocessing_of(recipe, data)
    with pytest.raises(
        ValueError, match="`model` must return one value for each of the 10 classes"
    ):
        assembly.build_model(recipe, data, preprocessing, tf.distribute.get_strategy(), 1)


def test_examples_that_are_left_out_are_named():
    class Split:
        name, bad = "The split 'train' of 'mine'", ("record 3", "record 5")

    with pytest.warns(
        UserWarning, match="holds 2 examples that cannot be read.*record 3; record 5"
    ):
        assembly.warn_of_bad([Split()])
