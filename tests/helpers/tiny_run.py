"""A run as small as can be, with all that may go wrong when it stops: for tests of the engine."""

import os
import pathlib

import keras
import tensorflow as tf

from kerasbook.augmentation import ShiftFlip
from kerasbook.serving import Preprocessing
from kerasbook.testing import two_replicas
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


class Tell(keras.callbacks.Callback):
    """Sends word after every step."""

    def __init__(self, send):
        super().__init__()
        self.send = send

    def on_train_batch_end(self, batch, logs=None):
        self.send(batch)


def train_and_tell(send, path):
    """Begins a run, or goes on with it, up to its last epoch; each has 8 steps."""
    engine = make_engine(path, [Tell(send)], policy=ShiftFlip(0.2), checkpoint_steps=3)
    engine.fit(9)


class Measure(keras.callbacks.Callback):
    """Sends the memory in pages, the number of open files and the number of threads."""

    def __init__(self, send):
        super().__init__()
        self.send = send

    def on_epoch_begin(self, epoch, logs=None):
        process = pathlib.Path("/proc/self")
        memory = int((process / "statm").read_text().split()[1])
        self.send((memory, *(len(os.listdir(process / name)) for name in ("fd", "task"))))


def train_and_measure(send, path, replicas):
    """Trains for 50 epochs, and begins another, on one or two replicas."""
    strategy = two_replicas() if replicas == 2 else None
    make_engine(path, [Measure(send)], strategy, examples=8).fit(51)
