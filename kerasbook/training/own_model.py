"""Trains any compiled Keras model as recipes are trained: distributed, resumable, exact."""

import contextlib
import datetime
import json
import pathlib

import keras
import tensorflow as tf

from kerasbook.arguments import natural_number, positive_integer
from kerasbook.ops.backend import require_tensorflow
from kerasbook.training import environment
from kerasbook.training.cluster.strategy import is_chief
from kerasbook.training.cluster.workers import naming_lost_workers
from kerasbook.training.engine.loop import Engine
from kerasbook.training.engine.settings import StepSettings, innermost, plain
from kerasbook.training.engine.task import CompiledModel
from kerasbook.training.files import RunFolder, read_json, require_new, write_json
from kerasbook.training.input.own_data import OwnData


@naming_lost_workers()
def fit(
    model,
    data,
    *,
    validation_data=None,
    epochs=1,
    batch_size=32,
    shuffle=True,
    seed=0,
    steps_per_epoch=None,
    validation_steps=None,
    callbacks=(),
    verbose=1,
    run_dir=None,
    resume=False,
    checkpoint_steps=None,
    recover=0,
):
    """Trains a compiled Keras model with the engine of the recipes.

    It runs under the strategy in whose scope the model was built. What `model.compile` and the
    optimizer ask for is done so that several replicas take the steps of one: gradient clipping
    (after the sum over replicas), accumulation (so many batches of `batch_size` are one step,
    of one update), moving averages of the weights and overwriting with them, loss scaling,
    `steps_per_execution` and `jit_compile`. The order of arrays is a function of `seed` and epoch.

    On one replica this gives the numbers of `model.fit`, but for three things. Schedules and moving
    averages count updates where Keras counts batches, and a rest of batches at the end of an epoch
    is an update of its own, under accumulation. The logs hold `input_bound` and
    `learning_rate`, too. Losses of a whole batch that are no mean or sum over its examples,
    and means over masked or weighted values, are taken in each replica's part.

    Args:
        model: The compiled `keras.Model`. It may override `compute_loss` and `compute_metrics`.
        data: `(x, y)` or `(x, y, sample_weight)` of arrays of equal length, where `x` and `y` may
            be lists or dictionaries; or a `tf.data.Dataset` of such batches; or a function from
            an epoch (counted from 0) to such a dataset, which lets a run resume exactly where
            the order of the batches changes between epochs.
        validation_data: The same for the end of each epoch, or `None`.
        epochs: Number of epochs in all.
        batch_size: Examples in a batch of arrays, over all replicas.
        shuffle: Whether to visit the examples of arrays in a new order each epoch.
        seed: Seed of the order.
        steps_per_epoch: Batches in an epoch, for data that does not end.
        validation_steps: The same for the validation.
        callbacks: Keras callbacks, but for `BackupAndRestore`, whose work `run_dir` does.
        verbose: 1 or `"auto"` shows a progress bar per epoch, 2 a line per epoch, 0 nothing.
        run_dir: New folder for log, record, `checkpoints/last.keras` and `best.keras` (by
            `val_loss`, or `loss` without validation); `None` writes nothing.
        resume: Whether to go on from the last checkpoint in `run_dir`.
        checkpoint_steps: Writes a checkpoint every so many steps of an epoch, besides its end.
        recover: How often at most to go back to the last checkpoint, with half the learning
            rate, when the loss is not finite or explodes.

    Returns:
        The `keras.callbacks.History`, of the epochs that this call trained.

    Raises:
        ValueError: If the model or the data cannot be trained so, or a run is resumed with other
            arguments than it was started with; the message lists them.
        FileExistsError: If `run_dir` holds something and `resume` is `False`.
        FileNotFoundError: If there is no run to resume.
        FloatingPointError: If the loss is not finite or explodes, more often than `recover`.
        Interrupted: If a signal asked to stop.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.1, gradient_accumulation_steps=2), "mse")
        >>> x = np.linspace(0, 1, 64, dtype="float32")[:, None]
        >>> history = kerasbook.training.fit(model, (x, 2 * x), epochs=50, batch_size=8, verbose=0)
        >>> history.history["loss"][-1] < 0.01
        True
    """
    require_tensorflow("Training")
    positive_integer("epochs", epochs)
    natural_number("seed", seed)
    settings = StepSettings.of_model(model) if getattr(model, "compiled", False) else None
    strategy = model.distribute_strategy
    static = isinstance(strategy, tf.distribute.TPUStrategy)
    parts = settings.accumulation_steps if settings else 1
    task = CompiledModel(model, mixes_fillers=static or parts > 1)
    training = OwnData(
        data,
        batch_size,
        shuffle=shuffle,
        seed=seed,
        steps=steps_per_epoch,
        accumulation_steps=parts,
        static=static,
    )
    validation = None
    if validation_data is not None:
        validation = OwnData(
            validation_data,
            batch_size,
            steps=validation_steps,
            static=static,
            name="validation_data",
            steps_name="validation_steps",
        )
    _require_scope(model, strategy)
    _build(model, strategy, training)
    record = _record(model, training, batch_size, shuffle, seed, checkpoint_steps)
    folder = _folder(run_dir, resume, record)
    engine = Engine(
        task,
        strategy,
        training,
        validation,
        folder,
        settings=settings,
        score=lambda logs: (-logs.get("val_loss", logs["loss"]),),
        callbacks=callbacks,
        verbose=verbose,
        checkpoint_steps=checkpoint_steps,
        recover=recover,
    )
    updates = _Updates(model.optimizer)
    updates.count_ours()
    writes = is_chief(strategy) and folder is not None
    try:
        if resume and folder.has_checkpoint:
            engine.restore()
        if writes:
            if not resume:
                RunFolder.create(folder.path)
            write_json(folder.record, {**record, "status": "running"})
        with _closing(folder, record) if writes else contextlib.nullcontext():
            position = engine.fit(epochs)
    finally:
        updates.count_keras()
    if writes:
        write_json(folder.record, {**record, "status": "complete", "epochs": position.epoch})
    return model.history


@contextlib.contextmanager
def _closing(folder, record):
    """Notes in the record that a run stopped, if it does."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):  # the disk may be what failed
            write_json(folder.record, {**record, "status": "stopped"})
        raise


class _Updates:
    """Counts an accumulating optimizer's updates as it does (batches), or as the step (updates)."""

    def __init__(self, optimizer):
        self._optimizer = optimizer
        self._steps = innermost(optimizer).gradient_accumulation_steps or 1

    def count_ours(self):
        self._assign(lambda count: count // self._steps)

    def count_keras(self):
        self._assign(lambda count: count * self._steps)

    def _assign(self, function):
        if self._steps > 1:
            with plain(self._optimizer):
                iterations = innermost(self._optimizer).iterations
                iterations.assign(function(int(iterations.numpy())))


def _require_scope(model, strategy):
    """Refuses an optimizer from outside of the scope, whose steps would be miscounted."""
    with plain(model.optimizer):
        iterations = innermost(model.optimizer).iterations
    if not strategy.extended.variable_created_in_scope(iterations.value):
        raise ValueError(
            "`optimizer` must be made in the scope of the strategy that the model was made in. "
            f"Received: optimizer={model.optimizer.name!r} from outside of it"
        )


def _build(model, strategy, training):
    """Builds the model, its loss and its metrics, all of them on every replica."""
    with strategy.scope():
        x, targets = training.first_batch()
        x, targets = keras.tree.map_structure(lambda values: values[:1], (x, targets))
        outputs = model(x)
        weights = targets[1] if len(targets) > 1 else None
        model.compute_loss(x=x, y=targets[0], y_pred=outputs, sample_weight=weights)
        model.compute_metrics(x=x, y=targets[0], y_pred=outputs, sample_weight=weights)
        model.reset_metrics()


def _record(model, training, batch_size, shuffle, seed, checkpoint_steps):
    compiled = {
        "loss": _plain(model.loss),
        "metrics": [metric.name for metric in model.metrics],
    }
    optimizer = keras.optimizers.serialize(model.optimizer)
    inner = optimizer["config"].get("inner_optimizer", {"config": {}})
    for config in (optimizer["config"], inner["config"]):
        config.pop("name", None)  # which counts the optimizers of a process
    return {
        "model": model.name,
        "parameters": model.count_params(),
        "arguments": json.loads(
            json.dumps(
                {
                    "optimizer": optimizer,
                    **compiled,
                    "data": training.digest(),
                    "batch_size": batch_size,
                    "shuffle": shuffle,
                    "seed": seed,
                    "examples": training.count,
                    "steps_per_epoch": training.steps,
                    "checkpoint_steps": checkpoint_steps,
                },
                default=repr,
            )
        ),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "environment": environment.describe(),
    }


def _plain(value):
    """Returns losses and the like in words that are the same in another process."""
    return keras.tree.map_structure(
        lambda each: each if isinstance(each, (str, int, float)) else _name_of(each), value
    )


def _name_of(thing):
    configured = getattr(thing, "get_config", None)
    name = getattr(thing, "__name__", type(thing).__name__)
    return f"{name} {configured()}" if configured else name


def _folder(run_dir, resume, record):
    """Returns the run's folder, which is new, or holds the same run."""
    if run_dir is None:
        if resume:
            raise ValueError("`run_dir` must name the run to resume. Received: run_dir=None")
        return None
    folder = RunFolder(pathlib.Path(run_dir))
    if not resume:
        require_new(folder.path)
        return folder
    if not folder.record.is_file():
        raise FileNotFoundError(
            "`run_dir` must hold a run to resume. "
            f"Received: run_dir={str(run_dir)!r}, which has no {folder.record.name}"
        )
    folder.require_resumable()
    changed = list(_changes(read_json(folder.record).get("arguments", {}), record["arguments"]))
    if changed:
        raise ValueError(
            "A run resumes with its own arguments, `epochs` apart. Received: " + ", ".join(changed)
        )
    return folder


def _changes(before, now, path=""):
    """Yields what differs between two nested dictionaries."""
    for name in now:
        old, new = before.get(name), now[name]
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _changes(old, new, f"{path}{name}.")
        elif old != new:
            yield f"{path}{name}: {old!r} became {new!r}"
