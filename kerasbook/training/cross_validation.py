"""k-fold cross-validation of a recipe: every example is held out once."""

import itertools
import json
import pathlib
import statistics

from kerasbook.callbacks.epoch_log import read_log
from kerasbook.evaluation import accuracy_interval
from kerasbook.training.files import RunFolder, read_json, require_new, write_json
from kerasbook.training.input.data import LabelledImages
from kerasbook.training.recipe import require_recipe
from kerasbook.training.run import fresh_name
from kerasbook.training.subrun import refuse_cluster, train_once


def cross_validate(recipe, *, folds=5, run_dir=None, data_dir=None, **options):
    """Trains a recipe once for each fold, and measures it on the examples that were left out.

    The folds divide the recipe's training and validation examples together; the test split is
    not read. They are contiguous parts of the dataset's own order, which TFDS shuffles when it
    prepares a dataset, and their sizes differ by one at most. What counts is the accuracy after
    the last epoch: that of the best epoch, which the same examples chose, promises too much.

    What was done is not done again: called with the same folder after an interruption, it goes on.

    Args:
        recipe: The `Recipe`. Its splits are replaced for each fold; the seed is the same.
        folds: Number of folds, at least 2.
        run_dir: Folder of the whole; `None` makes `runs/NAME-folds-DATE-TIME`. Each fold is a run
            below it.
        data_dir: Folder of prepared TFDS datasets; `None` takes TFDS' own.
        **options: Further options of `train`, such as `strategy` (but for `"multi_worker"`),
            `callbacks` and `verbose`, the same for every fold.

    Returns:
        The record, plain JSON values, also written to `cross_validation.json`: `accuracy_mean` and
        `accuracy_deviation` (the sample standard deviation) over the folds; `accuracy` of all
        held-out examples together and its 95 % `accuracy_interval`; `folds`, a list with
        `validation_split`, `examples` held out, `accuracy`, `loss`, `best_accuracy`, the best
        epoch's, and `run_dir` of each. Folds share training examples: the deviation over them is
        no unbiased estimate of what new data would give (Bengio and Grandvalet, 2004).

    Raises:
        ValueError: If `folds` is out of its range, the training and validation splits overlap,
            or `run_dir` holds another cross-validation.
        FileExistsError: If `run_dir` holds something else.
        FloatingPointError: If a fold diverges.

    Reference:
        Stone, 1974, https://doi.org/10.1111/j.2517-6161.1974.tb00994.x; Hastie et al., 2009, The
        Elements of Statistical Learning, section 7.10
    """
    require_recipe(recipe)
    refuse_cluster(options)
    splits = fold_splits(LabelledImages(recipe.dataset, data_dir), recipe, folds)
    path = pathlib.Path(run_dir or fresh_name(f"{recipe.name}-folds"))
    file = path / "cross_validation.json"
    described = {"recipe": json.loads(json.dumps(recipe.to_json())), "number_of_folds": folds}
    if file.is_file():
        before = read_json(file)
        if any(before.get(key) != value for key, value in described.items()):
            raise ValueError(
                "`run_dir` must hold the same cross-validation, or be new. "
                f"Received: run_dir={str(path)!r} with {before.get('number_of_folds')} folds of "
                f"{before.get('recipe')}"
            )
    else:
        require_new(path)
        path.mkdir(parents=True, exist_ok=True)
        write_json(file, described)
    rows = []
    for number, (training, validation) in enumerate(splits, 1):
        record = train_once(
            recipe.replace(train_split=training, validation_split=validation),
            path / f"fold-{number}",
            data_dir=data_dir,
            **options,
        )
        last = read_log(RunFolder(path / f"fold-{number}").log)[-1]
        rows.append(
            {
                "validation_split": validation,
                "examples": record["examples"]["validation"],
                "accuracy": last["val_accuracy"],
                "loss": last["val_loss"],
                "best_accuracy": record["validation_accuracy"],
                "run_dir": record["run_dir"],
            }
        )
    right = sum(round(row["accuracy"] * row["examples"]) for row in rows)
    total = sum(row["examples"] for row in rows)
    accuracies = [row["accuracy"] for row in rows]
    record = {
        **described,
        "accuracy_mean": statistics.mean(accuracies),
        "accuracy_deviation": statistics.stdev(accuracies),
        "accuracy": right / total,
        "accuracy_interval": list(accuracy_interval(right, total)),
        "folds": rows,
    }
    write_json(file, record)
    return record


def fold_splits(data, recipe, folds):
    """Returns the TFDS splits of each fold: pairs of those trained on and those held out.

    Args:
        data: The `LabelledImages`.
        recipe: The `Recipe`, whose training and validation splits are divided.
        folds: Number of folds.

    Raises:
        ValueError: If the number does not fit, or the two splits overlap.
    """
    segments = []
    for split in (recipe.train_split, recipe.validation_split):
        data.split(split)  # which says what is wrong with it
        segments += data.segments(split)
    for number, (name, start, stop) in enumerate(segments):
        for other, other_start, other_stop in segments[:number]:
            if name == other and start < other_stop and other_start < stop:
                raise ValueError(
                    "`train_split` and `validation_split` must not overlap: an example would be "
                    f"trained on and held out. Received: {recipe.train_split!r} and "
                    f"{recipe.validation_split!r}"
                )
    total = sum(stop - start for _, start, stop in segments)
    if not isinstance(folds, int) or not 2 <= folds <= total:
        raise ValueError(f"`folds` must be an integer in [2, {total}]. Received: folds={folds!r}")
    bounds = [total * number // folds for number in range(folds + 1)]
    return [
        (
            "+".join(_part(segments, 0, start) + _part(segments, stop, total)),
            "+".join(_part(segments, start, stop)),
        )
        for start, stop in itertools.pairwise(bounds)
    ]


def first_of(data, split, count):
    """Returns the TFDS split of the first examples of a split, `count` of them or all there are."""
    return "+".join(_part(data.segments(split), 0, count))


def _part(segments, start, stop):
    """Returns the splits of the examples from `start` to `stop` of the segments in a row."""
    splits, passed = [], 0
    for name, first, last in segments:
        begin, end = (min(max(first + n - passed, first), last) for n in (start, stop))
        if begin < end:
            splits.append(f"{name}[{begin}:{end}]")
        passed += last - first
    return splits
