"""Runs within a run, such as the folds of a cross-validation: none is done twice."""

import json
import os
import pathlib
import shutil
from typing import Any

from kerasbook.training.files import RunFolder, read_json
from kerasbook.training.recipe import Recipe
from kerasbook.training.run import recipe_of, train


def train_once(recipe: Recipe, run_dir: str | os.PathLike[str], **options: Any) -> dict[str, Any]:
    """Trains a recipe without a test, as far as `run_dir` does not hold that run already.

    A complete run is read, one that was interrupted goes on from its last checkpoint, and one that
    had none yet begins anew.

    Args:
        recipe: The `Recipe`.
        run_dir: Folder of the run, which belongs to the caller: what is in it may be deleted.
        **options: Those of `kerasbook.training.train`.

    Returns:
        The run's record, with `run_dir`.

    Raises:
        ValueError: If the folder holds a run of another recipe.
    """
    folder = RunFolder(pathlib.Path(run_dir))
    options = {**options, "run_dir": run_dir, "test": False}
    if folder.recipe.is_file() and folder.record.is_file():
        before = recipe_of(run_dir)
        if json.dumps(before.to_json()) != json.dumps(recipe.to_json()):
            raise ValueError(
                "`run_dir` must hold the runs of the same recipe, or be new. "
                f"Received: run_dir={str(run_dir)!r} with {before}"
            )
        record = read_json(folder.record)
        if record["status"] == "complete":
            return {**record, "run_dir": str(run_dir)}
        if folder.last.is_file() or folder.previous.is_file():
            return train(recipe, resume=True, **options)
    shutil.rmtree(run_dir, ignore_errors=True)
    return train(recipe, **options)


def refuse_cluster(options: dict[str, Any]) -> None:
    """Raises a `ValueError` if the options of several runs in one process ask for a cluster."""
    if options.get("strategy") == "multi_worker":
        raise ValueError(
            "`strategy` must be another: a cluster is joined once in a process, and there are "
            "several runs. Received: strategy='multi_worker'"
        )
