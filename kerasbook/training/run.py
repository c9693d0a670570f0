"""Whole runs: train a recipe into a folder, go on with what a folder holds."""

import contextlib
import dataclasses
import datetime
import pathlib

from kerasbook import augmentation, serving
from kerasbook.applications import load_model
from kerasbook.callbacks.epoch_log import read_log
from kerasbook.ops.backend import require_tensorflow
from kerasbook.training import environment, report
from kerasbook.training.assembly import (
    build_model,
    pipelines_of,
    preprocessing_of,
    warn_of_bad,
)
from kerasbook.training.cluster.strategy import get_strategy, is_chief
from kerasbook.training.cluster.workers import (
    has_workers,
    naming_lost_workers,
    require_equal_shares,
)
from kerasbook.training.engine.loop import Engine
from kerasbook.training.engine.settings import StepSettings
from kerasbook.training.engine.task import Classifier
from kerasbook.training.files import RunFolder, read_json, require_new, write_json
from kerasbook.training.input.data import LabelledImages
from kerasbook.training.input.fingerprint import require_same
from kerasbook.training.input.reading import parse_share
from kerasbook.training.recipe import Recipe, require_recipe


@naming_lost_workers()
def train(
    recipe,
    *,
    run_dir=None,
    data_dir=None,
    max_examples=None,
    strategy="default",
    resume=False,
    checkpoint_steps=None,
    recover=0,
    max_bad=None,
    callbacks=(),
    verbose=1,
    test=True,
    noticed=None,
):
    """Runs a recipe: trains, tests the best epoch's model, draws pictures, exports.

    Args:
        recipe: The `Recipe`; with `resume` it may differ from the run's own (see `recipe_of`) in
            `epochs` alone.
        run_dir: Folder of the run; `None` makes `runs/NAME-DATE-TIME`. A new run needs a new
            folder.
        data_dir: Folder of prepared TFDS datasets; `None` takes TFDS' own or, with `resume`, the
            run's.
        max_examples: Takes only the first examples of each split, so many; with `resume`, `None`
            takes the run's own number.
        strategy: A name for `kerasbook.training.cluster.strategy.get_strategy`.
        resume: Whether to go on from the last checkpoint in `run_dir`.
        checkpoint_steps: Writes a checkpoint every so many steps of an epoch, besides its end;
            `None` at the end only or, with `resume`, as the run did.
        recover: How often at most to go back to the last checkpoint, with half the learning
            rate, when the loss is not finite or explodes.
        max_bad: Share of each split's examples that may be left out because they cannot be
            read, in [0, 1), or text such as `"0.1%"`; `None` is 0 or, with `resume`, the run's.
        callbacks: Keras callbacks.
        verbose: 1 shows a progress bar per epoch, 2 a line per epoch, 0 nothing.
        test: Whether to test, draw and export at the end. `False` leaves the test split unread, as
            a search among recipes must.
        noticed: Function that tells whether this machine will be taken away soon, where SIGTERM
            does not; see `kerasbook.training.cluster.preemption`.

    Returns:
        The run's record, a dictionary with `validation_accuracy`, `run_dir` and, if tested,
        `test_accuracy`, its 95 % `test_accuracy_interval` and `test_loss` among others. Every
        worker but the chief returns `None`.

    Raises:
        ValueError: If something the recipe names does not exist or does not fit.
        FileExistsError: If `run_dir` holds something and `resume` is `False`.
        FileNotFoundError: If `data_dir` does not exist, or there is no run to resume.
        FloatingPointError: If the loss is not finite or explodes, more often than `recover`.
        Interrupted: If a signal asked to stop.
        TimeoutError, WorkerLost: If a worker of the cluster never comes up, or is gone.
    """
    require_recipe(recipe)
    require_tensorflow("Training")
    # Before any operation runs: a cluster can be joined at the program's start only.
    strategy_name, strategy = strategy, get_strategy(strategy)
    if run_dir is None and has_workers(strategy) and strategy.num_replicas_in_sync > 1:
        raise ValueError("`run_dir` must be given for several workers. Received: run_dir=None")
    before = {}
    if resume:
        before = _check_resume(recipe, run_dir, max_examples)
        max_examples, data_dir = before["max_examples"], data_dir or before["data_dir"]
        checkpoint_steps = checkpoint_steps or before["checkpoint_steps"]
        max_bad = before["max_bad"] if max_bad is None else max_bad
    max_bad = parse_share(max_bad or 0)
    policy = augmentation.get_policy(recipe.augmentation)
    data = LabelledImages(recipe.dataset, data_dir)
    names = ("train", "validation", "test")[: 3 if test else 2]
    names = {name: getattr(recipe, f"{name}_split") for name in names}
    fingerprint = data.fingerprint(*names.values())
    if before.get("fingerprint"):
        require_same(before["fingerprint"], fingerprint)
    splits = {n: data.split(split, max_examples, max_bad) for n, split in names.items()}
    warn_of_bad(splits.values())
    preprocessing = preprocessing_of(recipe, data)
    replicas = strategy.num_replicas_in_sync
    if recipe.batch_size < replicas:
        raise ValueError(
            f"`batch_size` must be at least the number of replicas, {replicas}. "
            f"Received: batch_size={recipe.batch_size}"
        )
    if recipe.accumulation_steps * replicas > recipe.batch_size:
        raise ValueError(
            f"`accumulation_steps` must leave each of the {replicas} replicas' parts an example, "
            f"at batch_size={recipe.batch_size}. "
            f"Received: accumulation_steps={recipe.accumulation_steps}"
        )
    require_equal_shares(strategy, recipe.batch_size)
    training, validation = pipelines_of(
        recipe, splits, preprocessing, policy, strategy, len(data.class_names)
    )
    model = build_model(recipe, data, preprocessing, strategy, training.steps)
    folder = RunFolder(pathlib.Path(run_dir or fresh_name(recipe.name)))
    if not resume:
        require_new(folder.path)
    engine = Engine(
        Classifier(model, recipe.label_smoothing),
        strategy,
        training,
        validation,
        folder,
        settings=StepSettings.of_recipe(recipe),
        callbacks=callbacks,
        verbose=verbose,
        checkpoint_steps=checkpoint_steps,
        recover=recover,
        noticed=noticed,
    )
    if resume and folder.has_checkpoint:
        engine.restore()
        if engine.position.epoch > recipe.epochs:
            raise ValueError(
                f"`epochs` must be at least those done, {engine.position.epoch}. "
                f"Received: epochs={recipe.epochs}"
            )
    record = {
        **_description(recipe, data, splits, preprocessing, model),
        "strategy": strategy_name,
        "replicas": replicas,
        "max_examples": max_examples,
        "data_dir": data_dir and str(data_dir),
        "checkpoint_steps": checkpoint_steps,
        "max_bad": max_bad,
        "bad_examples": {name: len(split.bad) for name, split in splits.items()},
        "fingerprint": fingerprint,
    }
    if not is_chief(strategy):
        engine.fit(recipe.epochs)
        return None
    if not resume:
        RunFolder.create(folder.path)
    write_json(folder.recipe, recipe.to_json())
    # The results of a run that goes on stand until there are better ones.
    write_json(folder.record, {**before, **record})
    try:
        with splits["train"].explained(), splits["validation"].explained():
            position = engine.fit(recipe.epochs)
        record |= {
            "status": "complete",
            "epochs": position.epoch,
            "steps": position.steps,
            "train_seconds": round(position.seconds, 3),
            "recoveries": position.recoveries,
            "validation_accuracy": position.best[0],
        }
        if test:
            record |= _finish(folder, record["class_names"], splits["test"], preprocessing)
        write_json(folder.record, record)
        return {**record, "run_dir": str(folder.path)}
    except BaseException:
        with contextlib.suppress(OSError):  # the disk may be what failed
            write_json(folder.record, {**before, **record, "status": "stopped"})
        raise


def _description(recipe, data, splits, preprocessing, model):
    """Returns what the record of a run says before there are results."""
    return {
        "status": "running",
        "recipe": recipe.name,
        "dataset": recipe.dataset,
        "model": recipe.model,
        "parameters": model.count_params(),
        "seed": recipe.seed,
        "examples": {name: split.count for name, split in splits.items()},
        "class_names": data.class_names,
        "preprocessing": preprocessing.to_json(),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "environment": environment.describe(),
    }


def _finish(folder, class_names, examples, preprocessing):
    """Tests, draws and exports the best epoch's model, and returns the results."""
    model = load_model(folder.best, compile=False)
    results = report.test_results(model, examples, preprocessing)
    report.write_pictures(folder, results, examples, class_names)
    images = report.images_at(examples, range(min(16, examples.count)))
    difference = serving.export(
        model,
        folder.saved_model,
        class_names=class_names,
        preprocessing=preprocessing,
        images=[preprocessing.resize(image).numpy() for image in images],
        overwrite=True,
    )
    return {
        "test_accuracy": results["accuracy"],
        "test_accuracy_interval": list(results["interval"]),
        "test_loss": results["loss"],
        "export_difference": difference,
    }


def recipe_of(run_dir):
    """Returns the recipe that a run was started with.

    Raises:
        ValueError: If `run_dir` is `None`.
        FileNotFoundError: If there is no run.
    """
    if run_dir is None:
        raise ValueError("`run_dir` must name the run to resume. Received: run_dir=None")
    file = RunFolder.open(run_dir).recipe
    try:
        return Recipe(**read_json(file))
    except TypeError as error:
        raise ValueError(f"{file} is not a recipe: {error}") from error


def _check_resume(recipe, run_dir, max_examples):
    """Returns the record of the run to resume, if it can be."""
    before = recipe_of(run_dir)
    folder = RunFolder.open(run_dir)
    folder.require_resumable()
    changed = [
        f"{field.name}: {getattr(before, field.name)!r} became {getattr(recipe, field.name)!r}"
        for field in dataclasses.fields(Recipe)
        if field.name != "epochs" and getattr(before, field.name) != getattr(recipe, field.name)
    ]
    if changed:
        raise ValueError(
            "A run resumes with its own recipe, `epochs` apart. Received: " + ", ".join(changed)
        )
    if folder.log.exists():
        read_log(folder.log)
    unsaid = dict.fromkeys(("max_examples", "data_dir", "checkpoint_steps", "max_bad"))
    record = {**unsaid, **read_json(folder.record)}
    if max_examples not in (None, record["max_examples"]):
        raise ValueError(
            f"`max_examples` must be the run's own, {record['max_examples']}. "
            f"Received: max_examples={max_examples}"
        )
    return record


def fresh_name(name):
    """Returns a folder `runs/NAME-DATE-TIME` that is not there yet."""
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    folder = pathlib.Path("runs") / f"{name}-{stamp}"
    number = 2
    while folder.exists():
        folder = folder.with_name(f"{name}-{stamp}-{number}")
        number += 1
    return folder
