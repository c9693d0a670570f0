"""What a recipe is made of: its preprocessing, its pipelines and its compiled model."""

import contextlib
import warnings

import keras
import tensorflow as tf

from kerasbook.applications import create_model
from kerasbook.serving.preprocessing import Preprocessing
from kerasbook.training.engine.replicas import synchronize_batch_norm
from kerasbook.training.input.pipeline import EVALUATION_BATCH, Pipeline
from kerasbook.training.input.reading import NAMED
from kerasbook.training.optimizer import make_optimizer


def warn_of_bad(splits):
    """Warns of the examples of splits that cannot be read and are left out."""
    for examples in splits:
        if examples.bad:
            named = "; ".join(map(str, examples.bad[:NAMED]))
            more = "; ..." if len(examples.bad) > NAMED else ""
            warnings.warn(
                f"{examples.name} holds {len(examples.bad)} examples that cannot be read and are "
                f"left out: {named}{more}",
                stacklevel=3,
            )


def pipelines_of(recipe, splits, preprocessing, policy, strategy, classes):
    """Returns the pipelines of the training and of the validation examples."""
    static = isinstance(strategy, tf.distribute.TPUStrategy)
    training = Pipeline(
        splits["train"],
        preprocessing,
        recipe.batch_size,
        shuffle=True,
        seed=recipe.seed,
        policy=policy,
        classes=classes,
        static=static,
        accumulation_steps=recipe.accumulation_steps,
    )
    batch_size = max(EVALUATION_BATCH, strategy.num_replicas_in_sync)
    return training, Pipeline(splits["validation"], preprocessing, batch_size, static=static)


def preprocessing_of(recipe, data):
    """Returns the `Preprocessing` of a recipe for a dataset.

    Raises:
        ValueError: If images vary in size and the recipe says none.
    """
    size = recipe.image_size or data.image_shape[:2]
    if None in size:
        raise ValueError(
            "`image_size` must be given where the images' sizes vary. "
            f"Received: image_size={recipe.image_size} for {recipe.dataset!r}"
        )
    return Preprocessing(*size, data.image_shape[2], recipe.mean, recipe.std)


def build_model(recipe, data, preprocessing, strategy, steps_per_epoch):
    """Returns the compiled model of a recipe, its weights drawn from the recipe's seed.

    Raises:
        ValueError: If it does not return one value for each class.
    """
    keras.utils.set_random_seed(recipe.seed)
    with strategy.scope(), _dtype_policy(recipe.precision):
        model = create_model(
            recipe.model,
            **{
                "input_shape": preprocessing.shape,
                "classes": len(data.class_names),
                **recipe.model_arguments,
            },
        )
        if recipe.synchronized_batch_norm:
            synchronize_batch_norm(model)
        model.compile(
            optimizer=make_optimizer(recipe, steps_per_epoch),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
    shapes = [tuple(output.shape) for output in model.outputs]
    if shapes != [(None, len(data.class_names))]:
        raise ValueError(
            f"`model` must return one value for each of the {len(data.class_names)} classes. "
            f"Received: outputs={shapes}"
        )
    return model


@contextlib.contextmanager
def _dtype_policy(name):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
