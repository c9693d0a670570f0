"""Accuracies of what runs left: of one, and of several together."""

import dataclasses
import pathlib
import warnings

import numpy as np

from kerasbook.applications import load_model
from kerasbook.evaluation import average_views, dense_evaluation
from kerasbook.ops.backend import require_tensorflow
from kerasbook.training import report
from kerasbook.training.files import RunFolder, read_json
from kerasbook.training.input.data import LabelledImages
from kerasbook.training.input.fingerprint import changes
from kerasbook.training.run import recipe_of

# By what images are enlarged before they are cropped: 256 pixels for 224.
ENLARGEMENT = 8 / 7
RUN_VIEWS = ("center", "flip", "five_crop", "ten_crop", "dense", "dense_flip")


def evaluate(run_dir, *, split=None, data_dir=None, views=None, enlarge=None):
    """Evaluates the best model of a run.

    Args:
        run_dir: The run's folder; or a `.keras` file below it, such as a checkpoint that a callback
            kept: then that model, on the data of its run.
        split: TFDS split; `None` takes the recipe's test split, as far as the run took it.
        data_dir: Folder of prepared TFDS datasets; `None` takes the run's own.
        views: Test-time augmentation: one of `RUN_VIEWS`, see
            `kerasbook.evaluation.average_views`; `"dense"` is every place of the image, see
            `kerasbook.evaluation.dense_evaluation`, `"dense_flip"` those of its mirror image too.
            `None` is the image as the model was trained on it.
        enlarge: By what the model's height and width are multiplied for the size that images are
            resized to before they are cropped, a number of at least 1, or several to average
            over; `None` is 8 / 7, and 1 for `"flip"`.

    Returns:
        Dictionary of `loss`, `accuracy`, its 95 % `interval` (a pair, see
        `kerasbook.evaluation.accuracy_interval`), `examples` and `split`.

    Raises:
        FileNotFoundError: If there is no such run, or no such file.
        ValueError: If there is no such split, there are no such views, or the model cannot be given
            larger images.
    """
    options = {"split": split, "data_dir": data_dir, "views": views, "enlarge": enlarge}
    return _numbers(results_of(run_dir, **options))


def evaluate_ensemble(run_dirs, **options):
    """Evaluates the mean of the probabilities of several runs, and each run.

    The runs may differ in everything but their test examples and the names of their classes: in
    seeds, in models, in the sizes of their images. Several `.keras` files of one run make a
    snapshot ensemble.

    Args:
        run_dirs: Runs or `.keras` files as in `evaluate`, two at least.
        **options: Those of `evaluate`, for every run.

    Returns:
        Dictionary of `members`, a list of what `evaluate` returns for each, and `ensemble`, the
        same of their mean.

    Raises:
        FileNotFoundError: As in `evaluate`.
        ValueError: As in `evaluate`, or if there are fewer than two runs, or the runs were not
            tested on the same examples.

    Reference:
        Hansen and Salamon, 1990, https://doi.org/10.1109/34.58871; snapshots: Huang et al., 2017,
        https://arxiv.org/abs/1704.00109
    """
    run_dirs = list(run_dirs)
    if len(run_dirs) < 2:
        raise ValueError(f"`run_dirs` must be two or more. Received: run_dirs={run_dirs}")
    tests = [results_of(run_dir, **options) for run_dir in run_dirs]
    for run_dir, test in zip(run_dirs[1:], tests[1:], strict=True):
        require_same_examples(run_dirs[0], tests[0], run_dir, test)
    mean = np.mean([test["probabilities"] for test in tests], 0)
    logarithms = np.log(np.maximum(mean, np.finfo(mean.dtype).tiny))
    together = {**tests[0], **report.scores(logarithms, tests[0]["labels"])}
    return {"members": [_numbers(test) for test in tests], "ensemble": _numbers(together)}


def results_of(run_dir, *, split=None, data_dir=None, views=None, enlarge=None):
    """Returns all that is known of a run's test: `evaluate`'s numbers and every prediction.

    Args:
        run_dir: As in `evaluate`.
        split: As in `evaluate`.
        data_dir: As in `evaluate`.
        views: As in `evaluate`.
        enlarge: As in `evaluate`.

    Returns:
        What `kerasbook.training.report.test_results` returns, with `split`, `examples`, the
        `fingerprint` of what was read, `recipe` and `record`.
    """
    require_tensorflow("Evaluation")
    folder, file = _folder_and_model(run_dir)
    recipe, record = recipe_of(folder.path), read_json(folder.record)
    _, preprocessing = folder.classes()
    model = load_model(file, compile=False)
    if views is not None or enlarge is not None:
        model, preprocessing = _with_views(model, preprocessing, views, enlarge)
    data = LabelledImages(recipe.dataset, data_dir or record.get("data_dir"))
    name = split or recipe.test_split
    limit = None if split else record.get("max_examples")
    fingerprint = data.fingerprint(name)
    changed = changes(record["fingerprint"], fingerprint) if record.get("fingerprint") else []
    if changed:
        warnings.warn(
            f"{recipe.dataset!r} is not what {folder.path} was trained on: {', '.join(changed)}",
            stacklevel=3,
        )
    examples = data.split(name, limit, record.get("max_bad") or 0.0)
    return {
        **report.test_results(model, examples, preprocessing),
        "split": name,
        "examples": examples.count,
        "fingerprint": fingerprint,
        "recipe": recipe,
        "record": record,
    }


def require_same_examples(first_run, first, second_run, second):
    """Raises if two runs were tested on other examples or name their classes otherwise.

    Args:
        first_run: What the message calls the first.
        first: What `results_of` returned of it.
        second_run: What the message calls the second.
        second: What `results_of` returned of it.

    Raises:
        ValueError: If they differ; the message says in what.
    """
    sides = {
        "dataset": [test["recipe"].dataset for test in (first, second)],
        "split": [test["split"] for test in (first, second)],
        "number of examples": [test["examples"] for test in (first, second)],
        "class names": [test["record"]["class_names"] for test in (first, second)],
        "fingerprint of the data": [test["fingerprint"] for test in (first, second)],
        "labels": [test["labels"].tolist() for test in (first, second)],
    }
    for name, (one, other) in sides.items():
        if one != other:
            values = f": {one!r} and {other!r}" if len(f"{one}{other}") < 200 else ""
            raise ValueError(
                f"Runs must be tested on the same examples. The {name} of {str(first_run)!r} and "
                f"{str(second_run)!r} differ{values}"
            )


def _with_views(model, preprocessing, views, enlarge):
    """Returns a model that averages over views, and the preprocessing for its larger images."""
    if views not in RUN_VIEWS:
        raise ValueError(f"`views` must be one of {RUN_VIEWS}. Received: views={views!r}")
    if enlarge is None:
        enlarge = 1.0 if views == "flip" else ENLARGEMENT
    factors = np.atleast_1d(enlarge).tolist()
    if not factors or not all(1 <= factor < float("inf") for factor in factors):
        raise ValueError(f"`enlarge` must be at least 1. Received: enlarge={enlarge}")
    largest = max(factors)
    size = [round(side * largest) for side in preprocessing.shape[:2]]
    if views.startswith("dense"):
        model = dense_evaluation(model)
        views = "flip" if views == "dense_flip" else "center"
    scales = [factor / largest for factor in factors]
    model = average_views(model, views, image_size=size, scales=scales)
    return model, dataclasses.replace(preprocessing, height=size[0], width=size[1])


def _folder_and_model(run_dir):
    """Returns the run's folder and the file of the model that is meant."""
    path = pathlib.Path(run_dir)
    if path.suffix != ".keras":
        folder = RunFolder.open(path)
        if not folder.best.is_file():
            raise FileNotFoundError(
                "`run` must hold a model: its first epoch has to be over. "
                f"Received: run={str(run_dir)!r}"
            )
        return folder, folder.best
    above = (parent for parent in path.absolute().parents if RunFolder(parent).record.is_file())
    return RunFolder.open(next(above, path.parent)), path


def _numbers(test):
    names = ("split", "examples", "loss", "accuracy", "interval")
    return {name: test[name] for name in names}
