"""Accuracies of what runs left: of one, and of several together."""

import pathlib

import numpy as np

from kerasbook.applications import load_model
from kerasbook.ops.backend import require_tensorflow
from kerasbook.training import report
from kerasbook.training.data import LabelledImages
from kerasbook.training.files import RunFolder, read_json
from kerasbook.training.run import recipe_of


def evaluate(run_dir, *, split=None, data_dir=None):
    """Evaluates the best model of a run.

    Args:
        run_dir: The run's folder; or a `.keras` file below it, such as a checkpoint that a callback
            kept: then that model, on the data of its run.
        split: TFDS split; `None` takes the recipe's test split, as far as the run took it.
        data_dir: Folder of prepared TFDS datasets; `None` takes the run's own.

    Returns:
        Dictionary of `loss`, `accuracy`, its 95 % `interval` (a pair, see
        `kerasbook.evaluation.accuracy_interval`), `examples` and `split`.

    Raises:
        FileNotFoundError: If there is no such run, or no such file.
        ValueError: If there is no such split.
    """
    return _numbers(results_of(run_dir, split=split, data_dir=data_dir))


def evaluate_ensemble(run_dirs, *, split=None, data_dir=None):
    """Evaluates the mean of the probabilities of several runs, and each run.

    The runs may differ in everything but their test examples and the names of their classes: in
    seeds, in models, in the sizes of their images. Several `.keras` files of one run make a
    snapshot ensemble.

    Args:
        run_dirs: Runs or `.keras` files as in `evaluate`, two at least.
        split: As in `evaluate`.
        data_dir: As in `evaluate`.

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
    tests = [results_of(run_dir, split=split, data_dir=data_dir) for run_dir in run_dirs]
    for run_dir, test in zip(run_dirs[1:], tests[1:], strict=True):
        require_same_examples(run_dirs[0], tests[0], run_dir, test)
    mean = np.mean([test["probabilities"] for test in tests], 0)
    logarithms = np.log(np.maximum(mean, np.finfo(mean.dtype).tiny))
    together = {**tests[0], **report.scores(logarithms, tests[0]["labels"])}
    return {"members": [_numbers(test) for test in tests], "ensemble": _numbers(together)}


def results_of(run_dir, *, split=None, data_dir=None):
    """Returns all that is known of a run's test: `evaluate`'s numbers and every prediction.

    Args:
        run_dir: As in `evaluate`.
        split: As in `evaluate`.
        data_dir: As in `evaluate`.

    Returns:
        What `kerasbook.training.report.test_results` returns, with `split`, `examples`, `recipe`
        and `record`.
    """
    require_tensorflow("Evaluation")
    folder, file = _folder_and_model(run_dir)
    recipe, record = recipe_of(folder.path), read_json(folder.record)
    _, preprocessing = folder.classes()
    model = load_model(file, compile=False)
    data = LabelledImages(recipe.dataset, data_dir or record.get("data_dir"))
    examples = data.split(split or recipe.test_split, None if split else record.get("max_examples"))
    return {
        **report.test_results(model, examples, preprocessing),
        "split": split or recipe.test_split,
        "examples": examples.count,
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
        "fingerprint of the data": [test["record"].get("fingerprint") for test in (first, second)],
        "labels": [test["labels"].tolist() for test in (first, second)],
    }
    for name, (one, other) in sides.items():
        if one != other:
            values = f": {one!r} and {other!r}" if len(f"{one}{other}") < 200 else ""
            raise ValueError(
                f"Runs must be tested on the same examples. The {name} of {str(first_run)!r} and "
                f"{str(second_run)!r} differ{values}"
            )


def _folder_and_model(run_dir):
    """Returns the run's folder and the file of the model that is meant."""
    path = pathlib.Path(run_dir)
    if path.suffix != ".keras":
        folder = RunFolder.open(path)
        return folder, folder.best
    above = (parent for parent in path.absolute().parents if RunFolder(parent).record.is_file())
    return RunFolder.open(next(above, path.parent)), path


def _numbers(test):
    names = ("split", "examples", "loss", "accuracy", "interval")
    return {name: test[name] for name in names}
