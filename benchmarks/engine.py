"""One epoch of LeNet-5 on MNIST at batch 64: the engine against Keras' `fit` on arrays in memory.

    python benchmarks/engine.py --data_dir FOLDER

Both train the same model with the same optimizer on the same 60,000 images. `fit` gets float32
arrays, scaled beforehand, and shuffles them; the engine keeps the decoded uint8 images in memory
(read once, before the first epoch, as the arrays are), shuffles and scales in its pipeline, and has
a log and checkpoints to write beside. Compilation is warmed up on both sides.
"""

import argparse
import contextlib
import io
import os
import pathlib
import tempfile

import keras
import tensorflow as tf
from paired import compare, write_record

from kerasbook.applications import LeNet5
from kerasbook.serving import Preprocessing
from kerasbook.training.data import LabelledImages
from kerasbook.training.engine import Engine
from kerasbook.training.files import RunFolder
from kerasbook.training.pipeline import Pipeline

BATCH = 64


def make_model():
    keras.utils.set_random_seed(0)
    model = LeNet5()
    model.compile(
        keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def silently(function):
    """Keeps the progress bars, which both draw, off the screen."""

    def call():
        with contextlib.redirect_stdout(io.StringIO()):
            function()

    return call


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", default=os.environ.get("KERASBOOK_DATA_DIR"))
    parser.add_argument("--pairs", type=int, default=7)
    arguments = parser.parse_args()
    data = LabelledImages("mnist", arguments.data_dir)
    train, test = data.split("train"), data.split("test[:1000]")
    preprocessing = Preprocessing(28, 28, 1)
    images, labels = train.arrays
    x, y = images.astype("float32") / 255, labels
    x_test, y_test = test.arrays[0].astype("float32") / 255, test.arrays[1]

    theirs = make_model()
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(
            make_model(),
            tf.distribute.get_strategy(),
            Pipeline(train, preprocessing, BATCH, shuffle=True),
            Pipeline(test, preprocessing, 256),
            RunFolder.create(pathlib.Path(folder) / "run"),
        )

        def epoch():
            engine.fit(engine.position.epoch + 1)

        def fit():
            theirs.fit(x, y, batch_size=BATCH, validation_data=(x_test, y_test))

        functions = {"kerasbook": silently(epoch), "Keras fit": silently(fit)}
        row = compare("LeNet-5, MNIST, batch 64, one epoch", functions, arguments.pairs)
    write_record("engine", [row])


if __name__ == "__main__":
    main()
