"""A recipe: everything that a run depends on, in one frozen dataclass."""

import ast
import dataclasses
import difflib
import json
import math
import os

from kerasbook import augmentation

OPTIMIZERS = ("adam", "adamw", "lion", "nadam", "rmsprop", "sgd")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
SCHEDULES = ("constant", "cosine", "one_cycle")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One training run, described.

    Attributes:
        name: Name of the recipe; a bundled recipe's file has the same.
        model: Name of the model, see `kerasbook.applications.list_models`.
        dataset: `"digits"`, the name of a TFDS dataset, or a TFDS folder.
        model_arguments: Further arguments of the model's function.
        image_size: `(height, width)` to resize to, pixels; `None` keeps the dataset's size.
        mean: Subtracted from pixels divided by 255; one value or one per channel.
        std: Divisor after that; one value or one per channel.
        train_split: TFDS split to train on.
        validation_split: TFDS split that each epoch ends with, and that chooses the best.
        test_split: TFDS split of the final accuracy, used once.
        epochs: Number of passes through the training split.
        batch_size: Examples in a step, over all replicas.
        optimizer: One of `OPTIMIZERS`.
        optimizer_arguments: Further arguments of the Keras optimizer, e.g. `momentum`.
        learning_rate: The greatest learning rate.
        schedule: `"constant"`; `"cosine"` falls to 0; `"one_cycle"` rises and falls.
        cycles: How often `"cosine"` falls, each time anew from `learning_rate`; divides `epochs`.
            The epochs at the ends of the cycles are the members of a snapshot ensemble.
        warmup_epochs: Epochs of linear rise from 0; for `"one_cycle"`, of its rise.
        weight_decay: Decoupled decay of kernels (biases and norms are left out), in units of
            the learning rate; 0 is none.
        label_smoothing: Share of the target spread over all classes, in [0, 1).
        clip_norm: Greatest global norm of the gradient; `None` does not clip.
        accumulation_steps: Number of parts that each replica takes its share of a batch in, one
            after the other: the update is that of the whole batch, the memory that of a part.
        ema_momentum: Momentum of the moving average of the weights, which is then what is
            validated, tested and exported; `None` keeps no average.
        synchronized_batch_norm: Whether batch normalization takes its statistics over the
            batches of all replicas.
        steps_per_execution: Steps taken in one call, between two looks at callbacks and signals.
        jit_compile: Whether to compile the forward and the backward pass with XLA.
        augmentation: Name of a policy, see `kerasbook.augmentation.list_policies`; or the path
            of a policy's JSON file, its dictionary, or the policy itself, an `Augmentation`.
            What has no name is kept as its dictionary: the file is read at once, and
            not needed again.
        precision: One of `PRECISIONS`.
        seed: Seed of the initial weights, the order of examples and all draws.
    """

    name: str
    model: str
    dataset: str
    model_arguments: dict = dataclasses.field(default_factory=dict)
    image_size: tuple = None
    mean: tuple = (0.0,)
    std: tuple = (1.0,)
    train_split: str = "train"
    validation_split: str = "validation"
    test_split: str = "test"
    epochs: int = 1
    batch_size: int = 64
    optimizer: str = "adam"
    optimizer_arguments: dict = dataclasses.field(default_factory=dict)
    learning_rate: float = 1e-3
    schedule: str = "constant"
    cycles: int = 1
    warmup_epochs: float = 0.0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    clip_norm: float = None
    accumulation_steps: int = 1
    ema_momentum: float = None
    synchronized_batch_norm: bool = False
    steps_per_execution: int = 1
    jit_compile: bool = False
    augmentation: str | dict = "none"
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self):
        for field in ("image_size", "mean", "std"):
            if isinstance(getattr(self, field), list):
                object.__setattr__(self, field, tuple(getattr(self, field)))
        object.__setattr__(self, "augmentation", _plain_policy(self.augmentation))
        for field, (kinds, said) in _KINDS.items():
            value = getattr(self, field)
            if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
                _refuse(self, field, said)
            if isinstance(value, float) and not math.isfinite(value):
                _refuse(self, field, "finite")
        for field in ("mean", "std"):
            numbers = all(
                type(v) in (int, float) and math.isfinite(v) for v in getattr(self, field)
            )
            _require(self, field, numbers, "one finite number or several, in brackets")
        for field in ("model_arguments", "optimizer_arguments"):
            words = all(isinstance(key, str) for key in getattr(self, field))
            _require(self, field, words, "a dictionary whose keys are strings")
        _require(self, "seed", self.seed < 2**32, "below 2^32")
        for field in ("epochs", "batch_size", "accumulation_steps", "steps_per_execution"):
            _require(self, field, getattr(self, field) >= 1, "at least 1")
        _require(self, "learning_rate", self.learning_rate > 0, "above 0")
        for field in ("warmup_epochs", "weight_decay", "seed"):
            _require(self, field, getattr(self, field) >= 0, "at least 0")
        _require(self, "warmup_epochs", self.warmup_epochs <= self.epochs, "at most `epochs`")
        cyclic = self.schedule == "cosine" and not self.warmup_epochs
        divides = self.cycles >= 1 and self.epochs % self.cycles == 0
        rule = "1, or a divisor of `epochs` with the cosine schedule and no warmup"
        _require(self, "cycles", self.cycles == 1 or (cyclic and divides), rule)
        _require(self, "label_smoothing", 0 <= self.label_smoothing < 1, "in [0, 1)")
        clips = self.clip_norm is None or self.clip_norm > 0
        _require(self, "clip_norm", clips, "above 0, or None")
        averages = self.ema_momentum is None or 0 <= self.ema_momentum < 1
        _require(self, "ema_momentum", averages, "in [0, 1), or None")
        _require(self, "optimizer", self.optimizer in OPTIMIZERS, f"one of {OPTIMIZERS}")
        _require(self, "schedule", self.schedule in SCHEDULES, f"one of {SCHEDULES}")
        _require(self, "precision", self.precision in PRECISIONS, f"one of {PRECISIONS}")
        size = self.image_size
        sized = size is None or (len(size) == 2 and all(type(s) is int and s > 0 for s in size))
        _require(self, "image_size", sized, "two positive integers, or None")

    def to_json(self):
        """Returns the fields as plain JSON values."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in dataclasses.asdict(self).items()
        }

    def replace(self, /, **fields):
        """Returns a copy with some fields changed.

        Raises:
            ValueError: If there is no such field (the message lists the nearest) or a value is
                not allowed.
        """
        known = [field.name for field in dataclasses.fields(self)]
        for name in fields:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=3)
                hint = f"Nearest: {', '.join(near)}." if near else f"Fields: {', '.join(known)}."
                raise ValueError(f"A recipe has no field {name!r}. {hint}")
        return dataclasses.replace(self, **fields)


_KINDS = {
    **dict.fromkeys(
        (
            *("name", "model", "dataset", "train_split", "validation_split", "test_split"),
            *("optimizer", "schedule", "precision"),
        ),
        (str, "a string"),
    ),
    "augmentation": ((str, dict), "a policy, its name, its JSON file or its dictionary"),
    **dict.fromkeys(("model_arguments", "optimizer_arguments"), (dict, "a dictionary")),
    **dict.fromkeys(
        ("epochs", "batch_size", "accumulation_steps", "steps_per_execution", "seed"),
        (int, "an integer"),
    ),
    **dict.fromkeys(("synchronized_batch_norm", "jit_compile"), (bool, "True or False")),
    **dict.fromkeys(
        ("learning_rate", "warmup_epochs", "weight_decay", "label_smoothing"),
        ((int, float), "a number"),
    ),
    **dict.fromkeys(("clip_norm", "ema_momentum"), ((int, float, type(None)), "a number or None")),
    "cycles": (int, "an integer"),
    "image_size": ((tuple, type(None)), "two integers or None"),
    "mean": (tuple, "one number or several, in brackets"),
    "std": (tuple, "one number or several, in brackets"),
}


def _plain_policy(policy):
    """Returns a policy as its name or its dictionary of plain JSON; other things as they are."""
    if isinstance(policy, os.PathLike) or (isinstance(policy, str) and policy.endswith(".json")):
        policy = augmentation.get_policy(policy)
    if isinstance(policy, augmentation.Augmentation):
        return augmentation.to_json(policy)
    return json.loads(json.dumps(policy)) if isinstance(policy, dict) else policy


def _require(recipe, field, holds, rule):
    if not holds:
        _refuse(recipe, field, rule)


def _refuse(recipe, field, rule):
    raise ValueError(f"`{field}` must be {rule}. Received: {field}={getattr(recipe, field)!r}")


def require_recipe(recipe):
    """Raises a `ValueError` for what is no `Recipe`, such as a `Study`."""
    if not isinstance(recipe, Recipe):
        raise ValueError(
            "`recipe` must be one that trains a classifier, a `Recipe`; a study is run by "
            f"`kerasbook train` alone. Received: recipe={getattr(recipe, 'name', recipe)!r}"
        )


def parse_settings(settings):
    """Turns `["field=value", ...]` into a dictionary of fields.

    Values are read as Python literals; what is none stays a string.

    Raises:
        ValueError: If a setting has no `=`.
    """
    fields = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name.strip():
            raise ValueError(f"`--set` must be field=value. Received: {setting!r}")
        try:
            fields[name.strip()] = ast.literal_eval(text)
        except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
            fields[name.strip()] = text
    return fields
