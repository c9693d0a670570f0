"""The input pipeline: read, decode, cache, shuffle, batch, augment, prefetch.

Every epoch is a function of (seed, epoch) alone: its order, and what augmentation draws for
each example. A run may therefore begin in the middle of one. Global batches are dealt out to the
replicas as `dealing.py` says.

A policy that mixes examples gets the global batch, before it is dealt out and filled up: what is
mixed with what does not depend on the replicas, and no example of weight 0 is among it. Every
worker then augments the whole batch, and keeps its part. The labels are one-hot from there on.
"""

import numpy as np
import tensorflow as tf

from kerasbook.augmentation.augmentation import Augmentation
from kerasbook.serving.preprocessing import Preprocessing
from kerasbook.training.input.data import Examples
from kerasbook.training.input.dealing import distribute, order_of

SHUFFLE_BLOCK = 4096
EVALUATION_BATCH = 256


class Pipeline:
    """Batches of one split for the replicas of a strategy.

    Each element is a tuple for one replica: inputs float32 `(n, height, width, channels)`,
    labels `(n,)`, weights `(n,)` that are 1 or 0, and the number of examples in the global batch,
    a float32 scalar. Labels that are mixed are shares of the classes, float32 `(n, classes)`.

    Args:
        examples: The split, see `kerasbook.training.input.data.Examples`.
        preprocessing: The `Preprocessing` of the model.
        batch_size: Examples in a global batch.
        shuffle: Whether to visit the examples in a new random order each epoch.
        seed: Seed of the order and of the augmentation.
        policy: Augmentation policy, or `None`.
        classes: Number of classes, for a policy that mixes labels.
        static: Whether to fill the last batch up to full size, as TPUs need it.
        accumulation_steps: Micro-batches of one length that each replica's part consists of, one
            after the other.

    Attributes:
        policy: The policy.
        steps: Number of global batches in an epoch.
        count: Number of examples in an epoch.
    """

    def __init__(
        self,
        examples: Examples,
        preprocessing: Preprocessing,
        batch_size: int,
        *,
        shuffle: bool = False,
        seed: int = 0,
        policy: Augmentation | None = None,
        classes: int | None = None,
        static: bool = False,
        accumulation_steps: int = 1,
    ) -> None:
        self.policy = policy
        self.count = examples.count
        self.steps = -(-examples.count // batch_size)
        self.batch_size = batch_size
        self._examples = examples
        self._preprocessing = preprocessing
        self._shuffle = shuffle
        self._seed = seed
        self._mixes_labels = getattr(policy, "mixes_labels", False)
        self._needs_batch = self._mixes_labels or getattr(policy, "needs_batch", False)
        if self._mixes_labels and classes is None:
            raise ValueError("`classes` must be given where labels are mixed. Received: None")
        self._classes = classes
        self._static = static
        self._accumulation_steps = accumulation_steps
        if examples.fits_in_memory:
            self._images, self._labels = (tf.constant(array) for array in examples.arrays)
        # Examples that are left out leave a gap: the others keep their numbers, and so their draws.
        self._built: tf.distribute.DistributedDataset = None
        self._built_for: tuple[tf.distribute.Strategy, int] | None = None
        self._total = self.count + len(examples.bad)
        self._indices = np.arange(self.count) if examples.indices is None else examples.indices

    def epoch(
        self, strategy: tf.distribute.Strategy, epoch: int = 0, first_step: int = 0
    ) -> tf.distribute.DistributedDataset:
        """Returns one epoch, from a global step on, as a dataset distributed by `strategy`.

        Building takes long, so one dataset serves all epochs: an iterator of it begins where this
        was last called for. Begin to iterate over an epoch before you ask for another.
        """
        self._epoch = np.int64(epoch)
        if self._examples.fits_in_memory:
            self._places = self._order(epoch)[first_step * self.batch_size :]
            first_step = 0
        if self._built_for != (strategy, first_step):
            self._built_for = strategy, first_step
            full = self.batch_size * getattr(self.policy, "num_copies", 1)
            self._built = distribute(
                strategy,
                lambda: self._batches(first_step),
                self._finish,
                micro_batches=self._accumulation_steps,
                full=full if self._static else None,
            )
        return self._built

    def _batches(self, first_step: int) -> tf.data.Dataset:
        """Global batches whose first tensor is the number of the epoch, again for each example.

        It comes with the examples because what is traced is the same for all epochs.
        """
        batches = self._in_memory() if self._examples.fits_in_memory else self._streamed()
        batches = batches.skip(first_step)
        if not self._needs_batch:
            return batches
        return batches.map(self._augmented, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)

    def _order(self, epoch: int) -> np.ndarray:
        """Returns the places in memory of the examples of an epoch, in its order."""
        if not self._shuffle:
            return np.arange(self.count)
        # Of all examples, those that are left out too: the others come in the same order.
        order = order_of(self._total, self._seed, epoch)
        return np.searchsorted(self._indices, order[np.isin(order, self._indices)])

    def _in_memory(self) -> tf.data.Dataset:
        """Global batches of (epoch, place): the images themselves are looked up at the end."""

        def read() -> tuple[np.ndarray, np.ndarray]:
            return np.full(len(self._places), self._epoch), self._places

        def position(_: tf.Tensor) -> tuple[tf.Tensor, ...]:
            tensors = tf.numpy_function(read, [], (tf.int64, tf.int64))
            return tuple(tf.ensure_shape(values, [None]) for values in tensors)

        return (
            tf.data.Dataset.range(1)
            .map(position)
            .flat_map(lambda *values: tf.data.Dataset.from_tensor_slices(values))
            .batch(self.batch_size)
        )

    def _streamed(self) -> tf.data.Dataset:
        """Global batches of (epoch, index, image, label), read again; shuffled within blocks."""

        def position(_: tf.Tensor) -> tf.Tensor:
            return tf.ensure_shape(tf.numpy_function(lambda: self._epoch, [], tf.int64), [])

        def decode(
            epoch: tf.Tensor, index: tf.Tensor, example: tuple[tf.Tensor, tf.Tensor]
        ) -> tuple[tf.Tensor, ...]:
            image, label = example
            return epoch, index, self._preprocessing.resize(image), label

        epochs = tf.data.Dataset.range(1).map(position)
        epochs = epochs.flat_map(lambda epoch: tf.data.Dataset.from_tensors(epoch).repeat())
        indices = tf.data.Dataset.from_tensor_slices(self._indices)
        dataset = tf.data.Dataset.zip(epochs, indices, self._examples.dataset)
        dataset = dataset.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
        if self._shuffle:
            # Block by block and stateless: `Dataset.shuffle` depends on TensorFlow's global seed.
            def shuffle(*block: tf.Tensor) -> tuple[tf.Tensor, ...]:
                places = tf.range(tf.shape(block[0])[0])
                seed = (self._seed, block[0][0])
                order = tf.random.experimental.stateless_shuffle(places, seed)
                return tuple(tf.gather(values, order) for values in block)

            # While the examples of one block are trained on, the next is read and decoded.
            dataset = dataset.batch(SHUFFLE_BLOCK).map(shuffle).prefetch(1)
            return dataset.rebatch(self.batch_size)
        return dataset.batch(self.batch_size)

    def _finish(self, *part: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Looks up, augments and scales one replica's part."""
        *batch, weight, total = part
        images, labels = batch if self._needs_batch else self._augmented(*batch)
        return self._preprocessing.scale(images), labels, weight, total

    def _augmented(self, epochs: tf.Tensor, *batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns images, looked up unless they are loaded, and labels, both augmented."""
        if self._examples.fits_in_memory:
            tables = self._indices, self._images, self._labels
            batch = tuple(tf.gather(values, batch[0]) for values in tables)
        index, images, labels = batch
        images = self._preprocessing.resize(images)
        if self.policy is None:
            return images, labels
        drawn = self.policy.draw(self._seed, epochs[0], index)
        if not self._needs_batch:
            return self.policy.apply(images, drawn), labels
        if self._mixes_labels:
            labels = tf.one_hot(labels, self._classes)
        mixed = self.policy.apply({"images": images, "labels": labels}, drawn)
        return mixed["images"], mixed["labels"]
