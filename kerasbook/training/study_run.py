"""Runs of studies: their numbers, whether their claims hold, and their picture, in a folder."""

import contextlib
import datetime
import math
import pathlib
import time

import keras
import numpy as np
import tensorflow as tf

from kerasbook.files import replacing
from kerasbook.ops.backend import require_tensorflow
from kerasbook.training import environment
from kerasbook.training.files import require_new, write_json
from kerasbook.training.run import fresh_name

STEPS_PER_CALL = 25
SMALLEST = 1e-7


def run_study(study, *, run_dir=None):
    """Runs a study over its seeds.

    The folder gets `study.json`, the study as run; `record.json`; and `picture.png`, of the first
    seed.

    Args:
        study: The `Study`.
        run_dir: Folder of the run, a new one; `None` makes `runs/NAME-DATE-TIME`.

    Returns:
        The record, plain JSON values: `seeds`; `scores`, a dictionary from model and measure to a
        list with a number for each seed; `claims`, each with its `smallest_difference` over the
        seeds and whether it `holds`; `seconds` of wall time and `processor_seconds` of all
        cores together; and `run_dir`.

    Raises:
        FileExistsError: If `run_dir` holds something.
        FloatingPointError: If a result is not finite.
    """
    require_tensorflow("A study")
    folder = pathlib.Path(run_dir or fresh_name(study.name))
    require_new(folder)
    folder.mkdir(parents=True, exist_ok=True)
    record = {
        "status": "running",
        "recipe": study.name,
        "epochs": study.epochs,
        "seeds": list(study.seeds),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "environment": environment.describe(),
    }
    write_json(folder / "study.json", study.to_json())
    write_json(folder / "record.json", record)
    try:
        start = time.perf_counter(), time.process_time()
        results = []
        for seed in study.seeds:
            keras.utils.set_random_seed(seed)
            scores, draw = study.run(seed=seed, epochs=study.epochs)
            results.append(_finite(scores, seed))
            if len(results) == 1:
                with replacing(folder / "picture.png") as draft:
                    draw(draft)
        record |= {
            "status": "complete",
            "seconds": round(time.perf_counter() - start[0], 3),
            "processor_seconds": round(time.process_time() - start[1], 3),
            "scores": _over_seeds(results),
            "claims": [_checked(claim, results) for claim in study.claims],
        }
        write_json(folder / "record.json", record)
        return {**record, "run_dir": str(folder)}
    except BaseException:
        with contextlib.suppress(OSError):  # the disk may be what failed
            write_json(folder / "record.json", {**record, "status": "stopped"})
        raise


def _finite(scores, seed):
    """Returns one seed's scores as plain numbers."""
    for model, measures in scores.items():
        for measure, value in measures.items():
            if not math.isfinite(value):
                raise FloatingPointError(
                    f"The {measure} of {model!r} is not finite on seed {seed}: {value}"
                )
    return {model: {k: float(v) for k, v in found.items()} for model, found in scores.items()}


def _over_seeds(results):
    """Returns the scores with a list over the seeds in the place of each number."""
    return {
        model: {measure: [found[model][measure] for found in results] for measure in measures}
        for model, measures in results[0].items()
    }


def _checked(claim, results):
    """Returns a claim as plain JSON, with its smallest difference and whether it holds."""
    smallest = min(
        found[claim.greater][claim.measure] - found[claim.lesser][claim.measure]
        for found in results
    )
    return {
        "greater": claim.greater,
        "lesser": claim.lesser,
        "by": claim.by,
        "measure": claim.measure,
        "smallest_difference": smallest,
        "holds": smallest > 0 and smallest >= claim.by,
    }


def fit_whole(model, loss, x, y, *, epochs, learning_rate=0.01):
    """Trains a small model by Adam on steps of all examples at once.

    The learning rate falls to 0 along a cosine.

    Args:
        model: A Keras model.
        loss: A Keras loss, its name, or a function.
        x: Inputs, an array.
        y: Targets, an array.
        epochs: Number of steps, each a pass through the examples.
        learning_rate: The first learning rate.
    """
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, epochs)
    model.compile(
        keras.optimizers.Adam(schedule),
        loss,
        steps_per_execution=min(epochs, STEPS_PER_CALL),
        jit_compile=False,  # to compile such a model takes longer than to train it
    )
    examples = np.asarray(x, "float32"), np.asarray(y)
    # One long epoch: between epochs Keras does more than in a step of so little.
    model.fit(tf.data.Dataset.from_tensors(examples).repeat(epochs), shuffle=False, verbose=0)


def classifier_scores(probabilities, labels):
    """Returns the `accuracy`, and the mean `log_likelihood` of the true classes in nats.

    Args:
        probabilities: Array `(count, classes)`.
        labels: Numbers of the true classes, `(count,)`.
    """
    of_the_class = probabilities[np.arange(len(labels)), labels].astype("float64")
    return {
        "accuracy": np.mean(probabilities.argmax(-1) == labels),
        # Rounding makes some probabilities 0.
        "log_likelihood": np.mean(np.log(np.maximum(of_the_class, SMALLEST))),
    }
