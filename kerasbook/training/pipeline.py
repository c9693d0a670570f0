"""The input pipeline: read, decode, cache, shuffle, batch, augment, prefetch.

Every epoch is a function of (seed, epoch) alone: its order, and what augmentation draws for
each example. A run may therefore begin in the middle of one. Each global batch is dealt out to
the replicas in parts that differ by one example at most, and no example is lost or comes twice.

Fillers, which are examples that come again with weight 0, stand where a shape demands one: in the
last batch where shapes are static, in a part that would be empty, and where the micro-batches of
gradient accumulation would be unequal. Losses, gradients and metrics leave them out. Only the
batch statistics of a batch normalization see them; each micro-batch has one at most for its sake,
unless shapes are static.

A policy that mixes examples gets the global batch, before it is dealt out and filled up: what is
mixed with what does not depend on the replicas, and no example of weight 0 is among it. Every
worker then augments the whole batch, and keeps its part. The labels are one-hot from there on.
"""

import numpy as np
import tensorflow as tf

SHUFFLE_BLOCK = 4096
EVALUATION_BATCH = 256


class Pipeline:
    """Batches of one split for the replicas of a strategy.

    Each element is a tuple for one replica: inputs float32 `(n, height, width, channels)`,
    labels `(n,)`, weights `(n,)` that are 1 or 0, and the number of examples in the global batch,
    a float32 scalar. Labels that are mixed are shares of the classes, float32 `(n, classes)`.

    Args:
        examples: The split, see `kerasbook.training.data.Examples`.
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
        examples,
        preprocessing,
        batch_size,
        *,
        shuffle=False,
        seed=0,
        policy=None,
        classes=None,
        static=False,
        accumulation_steps=1,
    ):
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

    def epoch(self, strategy, epoch=0, first_step=0):
        """Returns one epoch, from a global step on, as a dataset distributed by `strategy`."""

        def for_worker(context):
            return self._for_worker(epoch, first_step, context)

        return strategy.distribute_datasets_from_function(for_worker)

    def _for_worker(self, epoch, first_step, context):
        replicas = context.num_replicas_in_sync
        here = replicas // context.num_input_pipelines
        first = context.input_pipeline_id * here
        batches = self._in_memory(epoch) if self._examples.fits_in_memory else self._streamed(epoch)
        batches = batches.skip(first_step)
        if self._needs_batch:
            batches = batches.map(
                lambda *batch: self._augmented(epoch, *batch),
                num_parallel_calls=tf.data.AUTOTUNE,
                deterministic=True,
            )
        if replicas == 1 and not self._static and self._accumulation_steps == 1:
            dataset = batches.map(lambda *b: (*b, tf.ones(tf.shape(b[0])[:1]), _size(b[0])))
        else:
            numbers = tf.data.Dataset.range(first, first + here, output_type=tf.int32)
            dataset = batches.flat_map(
                lambda *batch: numbers.map(lambda number: self._deal(batch, number, replicas))
            )
        options = tf.data.Options()
        options.deterministic = True
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
        return (
            dataset.map(
                lambda *part: self._finish(epoch, *part), num_parallel_calls=tf.data.AUTOTUNE
            )
            .prefetch(tf.data.AUTOTUNE)
            .with_options(options)
        )

    def _in_memory(self, epoch):
        """Global batches of (index,): the images themselves are looked up at the end."""
        order = np.arange(self.count)
        if self._shuffle:
            order = np.random.Generator(np.random.Philox(key=[self._seed, epoch])).permutation(
                order
            )
        return tf.data.Dataset.from_tensor_slices((order,)).batch(self.batch_size)

    def _streamed(self, epoch):
        """Global batches of (index, image, label), read anew; shuffled within blocks."""

        def decode(index, example):
            image, label = example
            return index, self._preprocessing.resize(image), label

        dataset = self._examples.dataset.enumerate()
        dataset = dataset.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
        if self._shuffle:
            # Block by block and stateless: `Dataset.shuffle` depends on TensorFlow's global seed.
            def shuffle(*block):
                places = tf.range(tf.shape(block[0])[0])
                seed = (self._seed, epoch)
                order = tf.random.experimental.stateless_shuffle(places, seed)
                return tuple(tf.gather(values, order) for values in block)

            dataset = dataset.batch(SHUFFLE_BLOCK).map(shuffle).unbatch()
        return dataset.batch(self.batch_size)

    def _deal(self, batch, replica, replicas):
        """Returns a replica's part of a global batch, with its weights and the batch's size."""
        size = tf.shape(batch[0])[0]
        micro_batches = self._accumulation_steps
        first = replica * size // replicas
        count = (replica + 1) * size // replicas - first
        if self._static:
            full = self.batch_size * getattr(self.policy, "num_copies", 1)
            length = -(-full // (replicas * micro_batches))
        else:
            length = tf.maximum(-(-count // micro_batches), 1)
        ends = first + tf.range(micro_batches + 1) * count // micro_batches
        place = ends[:-1, None] + tf.range(length)  # (micro_batches, length)
        weight = tf.reshape(tf.cast(place < ends[1:, None], tf.float32), [-1])
        place = tf.reshape(place % size, [-1])
        return (*(tf.gather(values, place) for values in batch), weight, _size(batch[0]))

    def _finish(self, epoch, *part):
        """Looks up, augments and scales one replica's part."""
        *batch, weight, total = part
        images, labels = batch if self._needs_batch else self._augmented(epoch, *batch)
        return self._preprocessing.scale(images), labels, weight, total

    def _augmented(self, epoch, index, *loaded):
        """Returns images, looked up unless they are loaded, and labels, both augmented."""
        if self._examples.fits_in_memory:
            loaded = tf.gather(self._images, index), tf.gather(self._labels, index)
        images, labels = loaded
        images = self._preprocessing.resize(images)
        if self.policy is None:
            return images, labels
        drawn = self.policy.draw(self._seed, epoch, index)
        if not self._needs_batch:
            return self.policy.apply(images, drawn), labels
        if self._mixes_labels:
            labels = tf.one_hot(labels, self._classes)
        mixed = self.policy.apply({"images": images, "labels": labels}, drawn)
        return mixed["images"], mixed["labels"]


def _size(batch):
    return tf.cast(tf.shape(batch)[0], tf.float32)
