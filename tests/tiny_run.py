"""A run as small as can be, with all that may go wrong when it stops: for tests of the engine."""

import keras
import tensorflow as tf

from kerasbook.serving import Preprocessing
from kerasbook.training.engine.loop import Engine
from kerasbook.training.engine.settings import StepSettings
from kerasbook.training.engine.task import Classifier
from kerasbook.training.files import RunFolder
from kerasbook.training.input.data import LabelledImages
from kerasbook.training.input.pipeline import Pipeline


def make_engine(path, callbacks=(), strategy=None, *, examples=60, policy=None, **options):
    """Returns the engine of a new run at `path`, or of the one that is there."""
    strategy = strategy or tf.distribute.get_strategy()
    data, preprocessing = LabelledImages("digits"), Preprocessing(8, 8, 1)
    split = data.split("train", examples)
    training = Pipeline(split, preprocessing, 8, shuffle=True, seed=5, policy=policy)
    validation = Pipeline(data.split("validation", 20), preprocessing, 20)
    keras.utils.set_random_seed(3)
    with strategy.scope():
        image = keras.Input((8, 8, 1))
        x = keras.layers.BatchNormalization()(keras.layers.Flatten()(image))
        x = keras.layers.Dropout(0.3, seed=1)(x)
        model = keras.Model(image, keras.layers.Dense(10, activation="softmax")(x))
        model.compile("adam", "sparse_categorical_crossentropy")
    folder = RunFolder(path) if path.exists() else RunFolder.create(path)
    engine = Engine(
        Classifier(model),
        strategy,
        training,
        validation,
        folder,
        settings=StepSettings(ema_momentum=0.9),
        callbacks=callbacks,
        verbose=0,
        **options,
    )
    if folder.last.exists() or folder.previous.exists():
        engine.restore()
    return engine
