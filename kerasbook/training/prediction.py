"""What a run's best model says of image files, and its export."""

import pathlib

import tensorflow as tf

from kerasbook import serving
from kerasbook.applications import load_model
from kerasbook.ops.backend import require_tensorflow
from kerasbook.serving.saved_model import embedded_images, to_probabilities
from kerasbook.training.files import RunFolder


def predict(run_dir, files, *, top=3):
    """Yields what a run's best model says of image files, one by one.

    Args:
        run_dir: The run's folder.
        files: Paths of JPEG, PNG, GIF or BMP files of any size.
        top: Number of classes to name.

    Yields:
        Pairs of the path and the `top` most probable (class name, probability), or instead of
        them a `ValueError` that says why the file cannot be read.
    """
    require_tensorflow("Prediction")
    folder = RunFolder.open(run_dir)
    names, preprocessing = folder.classes()
    model = load_model(folder.best, compile=False)
    typical = preprocessing.scale(embedded_images(preprocessing))
    probabilities = to_probabilities(model.predict(typical, verbose=0))
    call = tf.function(lambda images: model(images, training=False))
    for file in files:
        try:
            pixels = preprocessing.decode(pathlib.Path(file).read_bytes())
        except OSError as error:
            yield file, ValueError(f"{file}: {error.strerror}")
        except (tf.errors.InvalidArgumentError, ValueError):
            yield file, ValueError(f"{file}: cannot be decoded as a JPEG, PNG, GIF or BMP image")
        else:
            row = probabilities(call(preprocessing.scale(pixels)[None]))[0]
            scores, best = tf.math.top_k(row, min(top, len(names)))
            yield file, [(names[i], float(s)) for i, s in zip(best, scores, strict=True)]


def export_run(run_dir, output=None, *, top_k=5, overwrite=False):
    """Exports a run's best model; see `kerasbook.serving.export`.

    Args:
        run_dir: The run's folder.
        output: Folder to write; `None` replaces `saved_model` in the run's folder.
        top_k: Number of best classes to name.
        overwrite: Whether to replace a folder that is there.

    Returns:
        The folder written, and the greatest difference between a served and a predicted
        probability.
    """
    folder = RunFolder.open(run_dir)
    names, preprocessing = folder.classes()
    # The run's own export may be written again: it appears only once it is proved.
    overwrite = overwrite or output is None
    output = pathlib.Path(output) if output else folder.saved_model
    difference = serving.export(
        load_model(folder.best, compile=False),
        output,
        class_names=names,
        preprocessing=preprocessing,
        top_k=top_k,
        overwrite=overwrite,
    )
    return output, difference
