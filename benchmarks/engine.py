"""The engine against Keras' `fit`, a plain PyTorch loop and a bare `tf.function`.

    python benchmarks/engine.py --data_dir FOLDER

LeNet-5 on MNIST at batch 64, an epoch and a validation on 1,000 images: all train the same model
with Adam on the same 60,000 images in memory, in a new random order each epoch. `fit` and PyTorch
get float32 images, scaled beforehand; the engine keeps the decoded uint8 images (read once, before
the first epoch, as the arrays are), shuffles and scales in its pipeline, and has a log and
checkpoints to write beside. PyTorch runs in a process of its own (`torch_lenet5.py`) and waits
while it is not its turn. Each is measured with one step in a call and, but for PyTorch, with 20.

ResNet-18 at batch 32 on 32 x 32 images of noise: what the engine adds to a step. The bare
`tf.function` is the forward and the backward pass and the optimizer's update, for the same
Keras model, optimizer and loss. It gets tensors that lie ready, or the batches of our pipeline.

Compilation is warmed up on all sides.
"""

import argparse
import contextlib
import io
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import keras
import numpy as np
import tensorflow as tf
from paired import compare_with_all, in_turn, write_record

from kerasbook.applications import LeNet5, ResNet18
from kerasbook.serving import Preprocessing
from kerasbook.training.engine.loop import Engine
from kerasbook.training.engine.settings import StepSettings
from kerasbook.training.engine.task import Classifier
from kerasbook.training.files import RunFolder
from kerasbook.training.input.data import Examples, LabelledImages
from kerasbook.training.input.pipeline import Pipeline

BATCH = 64
SEVERAL = 20  # steps in a call
RESNET_BATCH, RESNET_STEPS = 32, 100
PEER = pathlib.Path(__file__).parent / "torch_lenet5.py"


def compiled(model, optimizer, **arguments):
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **arguments)
    return model


def make_lenet(**arguments):
    keras.utils.set_random_seed(0)
    return compiled(LeNet5(), keras.optimizers.Adam(1e-3), **arguments)


def silently(function):
    """Keeps the progress bars, which both draw, off the screen."""

    def call():
        with contextlib.redirect_stdout(io.StringIO()):
            function()

    return call


def next_epoch(engine):
    """Returns a function that trains the engine's model for one epoch more."""
    return silently(lambda: engine.fit(engine.position.epoch + 1))


class TorchPeer:
    """PyTorch in a process of its own, which trains for an epoch whenever it is called."""

    def __init__(self, **arrays):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "arrays.npz"
            np.savez(path, **arrays)
            command = [sys.executable, PEER, str(path), str(BATCH)]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            self._wait()  # until the arrays are read
        self._process.send_signal(signal.SIGSTOP)

    def __call__(self):
        self._process.send_signal(signal.SIGCONT)
        self._process.stdin.write("epoch\n")
        self._process.stdin.flush()
        self._wait()
        # Its threads would spin on, and take the cores from the others.
        self._process.send_signal(signal.SIGSTOP)

    def _wait(self):
        if not self._process.stdout.readline():
            raise RuntimeError("The process of PyTorch ended, see its message above.")

    def close(self):
        self._process.send_signal(signal.SIGCONT)
        self._process.stdin.close()
        self._process.wait()


def lenet_rows(data_dir, pairs):
    """Times an epoch of LeNet-5 on all sides."""
    data = LabelledImages("mnist", data_dir)
    train, test = data.split("train"), data.split("test[:1000]")
    preprocessing = Preprocessing(28, 28, 1)
    x, y = (train.arrays[0] / 255).astype("float32"), train.arrays[1]
    x_test, y_test = (test.arrays[0] / 255).astype("float32"), test.arrays[1]
    peer = TorchPeer(x=x, y=y, x_test=x_test, y_test=y_test)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for steps in (1, SEVERAL):
            engine = Engine(
                Classifier(make_lenet()),
                tf.distribute.get_strategy(),
                Pipeline(train, preprocessing, BATCH, shuffle=True),
                Pipeline(test, preprocessing, 256),
                RunFolder.create(pathlib.Path(folder) / str(steps)),
                settings=StepSettings(steps_per_execution=steps),
            )
            theirs = make_lenet(steps_per_execution=steps)

            def fit(theirs=theirs):
                theirs.fit(x, y, batch_size=BATCH, validation_data=(x_test, y_test))

            functions = {"kerasbook": next_epoch(engine), "Keras fit": silently(fit), "torch": peer}
            name = f"LeNet-5, MNIST, batch {BATCH}, {steps} steps in a call"
            facts = {"images": len(x), "steps_per_execution": steps}
            rows.append(compare_with_all(name, in_turn(functions, pairs), **facts))
    peer.close()
    return rows


def make_resnet():
    keras.utils.set_random_seed(0)
    model = ResNet18(input_shape=(32, 32, 3), classes=10)
    model = compiled(model, keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True))
    model.optimizer.build(model.trainable_variables)
    return model


def bare_step(model):
    """Returns the plain function of a train step that everybody would write."""
    loss_function = keras.losses.SparseCategoricalCrossentropy()
    variables = model.trainable_variables

    def step(images, labels):
        with tf.GradientTape() as tape:
            loss = loss_function(labels, model(images, training=True))
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        model.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss

    return step


def resnet_row(pairs):
    """Times the steps of a ResNet-18 in the engine and bare."""
    count = RESNET_BATCH * RESNET_STEPS
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (count, 32, 32, 3), np.uint8)
    labels = generator.integers(0, 10, count)
    dataset = tf.data.Dataset.from_tensor_slices((images, labels))
    strategy = tf.distribute.get_strategy()
    preprocessing = Preprocessing(32, 32, 3)
    pipeline = Pipeline(
        Examples(dataset, count, (32, 32, 3)), preprocessing, RESNET_BATCH, shuffle=True
    )
    engine = Engine(
        Classifier(make_resnet()),
        strategy,
        pipeline,
        validation=None,
        folder=None,
        score=lambda logs: (logs["accuracy"],),
        verbose=0,
    )
    ready = [batch[:2] for batch in pipeline.epoch(strategy)]
    on_tensors = tf.function(bare_step(make_resnet()))
    with_pipeline = bare_step(make_resnet())
    on_iterator = tf.function(lambda iterator: with_pipeline(*next(iterator)[:2]))

    def bare():
        for batch in ready:
            loss = on_tensors(*batch)
        float(loss)

    def bare_with_pipeline():
        iterator = iter(pipeline.epoch(strategy))
        for _ in range(RESNET_STEPS):
            loss = on_iterator(iterator)
        float(loss)

    functions = {
        "kerasbook": next_epoch(engine),
        "bare tf.function": bare,
        "bare tf.function with the pipeline": bare_with_pipeline,
    }
    seconds = in_turn(functions, pairs)
    overhead = {
        rival: round(float(np.median(seconds["kerasbook"] / seconds[rival] - 1)) * 100, 2)
        for rival in list(functions)[1:]
    }
    print("overhead, percent:", overhead)
    name = f"ResNet-18, 32 x 32, batch {RESNET_BATCH}, {RESNET_STEPS} steps"
    return compare_with_all(name, seconds, steps=RESNET_STEPS, overhead_percent=overhead)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", default=os.environ.get("KERASBOOK_DATA_DIR"))
    parser.add_argument("--pairs", type=int, default=7)
    arguments = parser.parse_args()
    load = round(os.getloadavg()[0], 2)
    rows = [*lenet_rows(arguments.data_dir, arguments.pairs), resnet_row(arguments.pairs)]
    write_record("engine", rows, load_average_before=load)


if __name__ == "__main__":
    main()
