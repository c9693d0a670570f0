"""A user's own data as the engine takes it: arrays, or a `tf.data.Dataset` of batches."""

import hashlib
from collections.abc import Callable
from typing import Any, cast

import keras
import numpy as np
import tensorflow as tf

from kerasbook.arguments import positive_integer
from kerasbook.training.input.dealing import distribute, order_of


class OwnData:
    """Batches of a user's data for the replicas of a strategy.

    Each element is a tuple for one replica: the model's inputs, a tuple of the targets and, if
    they are given, the weights of the examples; fillers' weights; the size of the global batch.

    Args:
        data: `(x, y)` or `(x, y, sample_weight)` of arrays of equal length, where `x` and `y` may
            be lists or dictionaries; or a `tf.data.Dataset` of such batches; or a function from an
            epoch (counted from 0) to such a dataset.
        batch_size: Examples in a global batch, for arrays.
        shuffle: Whether to visit the examples of arrays in a new order each epoch.
        seed: Seed of the order.
        steps: Batches in an epoch; `None` takes what there is. A dataset that does not end needs
            it, and goes on in the next epoch where it was.
        accumulation_steps: Micro-batches in each replica's part; of a dataset, so many of its
            batches become one.
        static: Whether all batches are filled up to full size, as TPUs need it.
        name: What messages call it.
        steps_name: What messages call `steps`.

    Raises:
        ValueError: If the data is something else, or its parts differ in length.
    """

    policy = None
    count: int | None
    steps: int | None
    _make: Callable[[int], tf.data.Dataset] | None
    _batch_size: int | None

    def __init__(
        self,
        data: Any,
        batch_size: int = 32,
        *,
        shuffle: bool = False,
        seed: int = 0,
        steps: int | None = None,
        accumulation_steps: int = 1,
        static: bool = False,
        name: str = "data",
        steps_name: str = "steps_per_epoch",
    ) -> None:
        self.steps = steps if steps is None else positive_integer(steps_name, steps)
        self.count = None
        self._endless = False
        self._shuffle = shuffle
        self._seed = seed
        self._micro_batches = accumulation_steps
        self._make = None
        if callable(data):
            self._make = data
        elif isinstance(data, tf.data.Dataset):
            self._make = lambda epoch: data
        elif isinstance(data, (tuple, list)) and len(data) in (2, 3):
            positive_integer("batch_size", batch_size)
            self._take_arrays(_with_tuples(tuple(data)), batch_size * accumulation_steps, name)
        else:
            raise ValueError(
                f"`{name}` must be (x, y) or (x, y, sample_weight) of arrays, a tf.data.Dataset of "
                f"such batches, or a function from the epoch to one. Received: {type(data)}"
            )
        if self._make is not None:
            self._take_datasets(self._make, name, of_epoch=callable(data))
        self._static = static

    def epoch(
        self, strategy: tf.distribute.Strategy, epoch: int = 0, first_step: int = 0
    ) -> tf.distribute.DistributedDataset:
        """Returns one epoch, from a global step on, as a dataset distributed by `strategy`."""
        return distribute(
            strategy,
            lambda: self._batches(epoch, first_step),
            self._finish,
            micro_batches=self._micro_batches,
            full=self._batch_size if self._static else None,
        )

    def digest(self) -> str | None:
        """Returns a digest of arrays, or `None` of datasets, which cannot be looked through."""
        if self._make is not None:
            return None
        digest = hashlib.sha256()
        for tensor in keras.tree.flatten(self._tensors):
            digest.update(f"{tensor.dtype.name}{tensor.shape}".encode())
            digest.update(np.ascontiguousarray(tensor.numpy()))
        return digest.hexdigest()

    def first_batch(self) -> tuple[Any, tuple[Any, ...]]:
        """Returns the first batch: inputs, and a tuple of targets and maybe weights."""
        x, y, *weights = next(iter(self._batches(0, 0, whole=True).take(1)))
        return x, (y, *weights)

    def _take_arrays(self, arrays: Any, batch_size: int, name: str) -> None:
        tensors = keras.tree.map_structure(tf.convert_to_tensor, arrays)
        lengths = {t.shape[0] if t.shape.rank else None for t in keras.tree.flatten(tensors)}
        if len(lengths) != 1 or lengths & {0, None}:
            raise ValueError(
                f"`{name}` must hold arrays of one length, of at least 1. "
                f"Received: lengths {sorted(map(str, lengths))}"
            )
        _check_weights(tensors, name)
        self._tensors = tensors
        self._batch_size = batch_size
        count = cast(int, lengths.pop())
        self.count = count
        whole = -(-count // batch_size)
        if self.steps is not None:
            whole = min(whole, -(-self.steps // self._micro_batches))
        self.steps = whole

    def _take_datasets(
        self, make: Callable[[int], tf.data.Dataset], name: str, of_epoch: bool
    ) -> None:
        first = make(0)
        spec = getattr(first, "element_spec", None)
        if not isinstance(spec, tuple) or len(spec) not in (2, 3):
            raise ValueError(
                f"`{name}` must give batches (x, y) or (x, y, sample_weight). Received: {spec}"
            )
        _check_weights(spec, name)
        self._batch_size = None
        for batch in first.take(1):
            self._batch_size = len(keras.tree.flatten(batch)[0]) * self._micro_batches
        if self._batch_size is None:
            raise ValueError(f"`{name}` must not be empty. Received: {first}")
        batches = int(first.cardinality())
        endless = batches == tf.data.INFINITE_CARDINALITY
        if endless and self.steps is None:
            raise ValueError(
                f"`steps_per_epoch` must be given where `{name}` does not end. Received: None"
            )
        self._endless = endless and not of_epoch
        self._taken = self.steps
        if self.steps is None and batches >= 0:
            self.steps = batches
        if self.steps is not None:
            self.steps = -(-self.steps // self._micro_batches)

    def _batches(self, epoch: int, first_step: int, whole: bool = False) -> tf.data.Dataset:
        if self._make is not None:
            dataset = self._make(epoch)
            if self._taken is not None:
                if self._endless:
                    dataset = dataset.skip(epoch * self._taken)
                dataset = dataset.take(self._taken)
            if self._micro_batches > 1:
                dataset = dataset.rebatch(self._batch_size)
            return dataset.skip(first_step)
        count = cast(int, self.count)  # arrays have one
        order = order_of(count, self._seed, epoch) if self._shuffle else np.arange(count)
        dataset = tf.data.Dataset.from_tensor_slices((order,)).batch(self._batch_size)
        dataset = dataset.take(self.steps).skip(first_step)
        return dataset.map(self._look_up) if whole else dataset

    def _look_up(self, places: tf.Tensor) -> Any:
        return keras.tree.map_structure(lambda values: tf.gather(values, places), self._tensors)

    def _finish(self, *part: Any) -> tuple[Any, ...]:
        *batch, weights, total = part
        if self._make is None:
            batch = self._look_up(*batch)
        x, y, *given = batch
        return x, (y, *given), weights, total


def _with_tuples(structure: Any) -> Any:
    """Returns lists as tuples: `tf.data` takes a list for one tensor."""
    if isinstance(structure, dict):
        return {key: _with_tuples(value) for key, value in structure.items()}
    if isinstance(structure, tuple) or (
        isinstance(structure, list) and any(hasattr(value, "shape") for value in structure)
    ):
        return tuple(_with_tuples(value) for value in structure)
    return structure


def _check_weights(structure: tuple[Any, ...], name: str) -> None:
    """Refuses weights of anything but examples."""
    if len(structure) == 3:
        rank = getattr(structure[2].shape, "rank", None)
        if rank not in (None, 1):
            raise ValueError(
                f"`{name}` must hold one weight for each example. "
                f"Received: sample_weight of shape {structure[2].shape}"
            )
