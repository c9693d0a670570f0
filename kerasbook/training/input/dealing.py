"""Deals global batches out to replicas, the same examples in all whatever their number.

A replica's part differs from the others' by one example at most, and no example is lost or comes
twice. Fillers, which are examples that come again with weight 0, stand where a shape demands one:
in the last batch where shapes are static, in a part that would be empty, and where the
micro-batches of gradient accumulation would be unequal. Losses, gradients and metrics leave them
out. Only the batch statistics of a batch normalization see them; each micro-batch has one at most
for its sake, unless shapes are static.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf


@tf.autograph.experimental.do_not_convert  # which took most of the time to the first step
def distribute(
    strategy: tf.distribute.Strategy,
    make_batches: Callable[[], tf.data.Dataset],
    finish: Callable[..., Any],
    *,
    micro_batches: int = 1,
    full: int | None = None,
) -> tf.distribute.DistributedDataset:
    """Returns a dataset of parts, distributed by a strategy.

    Args:
        strategy: The tf.distribute strategy.
        make_batches: Function that returns a dataset of global batches, tuples of (structures of)
            tensors of equal length.
        finish: Function from a part (the batch's structures; weights `(n,)` that are 1 or 0; the
            number of examples in the global batch, a float32 scalar) to what the step gets.
        micro_batches: Number of parts of equal length that each replica's part consists of.
        full: Length that all batches are filled up to, or `None`.
    """

    def for_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        replicas = context.num_replicas_in_sync
        here = replicas // context.num_input_pipelines
        first = context.input_pipeline_id * here
        batches = make_batches()
        if replicas == 1 and full is None and micro_batches == 1:
            parts = batches.map(
                lambda *batch: finish(*batch, tf.ones(size_of(batch)), _number(batch)),
                num_parallel_calls=tf.data.AUTOTUNE,
            )
        else:
            numbers = tf.data.Dataset.range(first, first + here, output_type=tf.int32)
            parts = batches.flat_map(
                lambda *batch: numbers.map(
                    lambda number: _part(batch, number, replicas, micro_batches, full)
                )
            ).map(finish, num_parallel_calls=tf.data.AUTOTUNE)
        options = tf.data.Options()
        options.deterministic = True
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
        return parts.prefetch(tf.data.AUTOTUNE).with_options(options)

    return strategy.distribute_datasets_from_function(for_worker)


def order_of(count: int, seed: int, epoch: int) -> np.ndarray:
    """Returns the order in which an epoch visits so many examples, a function of seed and epoch."""
    generator = np.random.Generator(np.random.Philox(key=[seed, epoch]))
    return generator.permutation(np.arange(count))


def size_of(batch: Any) -> tf.Tensor:
    """Returns the number of examples in a batch as a vector of one integer."""
    return tf.shape(tf.nest.flatten(batch)[0])[:1]


def _number(batch: Any) -> tf.Tensor:
    return tf.cast(size_of(batch)[0], tf.float32)


def _part(
    batch: Any, replica: tf.Tensor, replicas: int, micro_batches: int, full: int | None
) -> tuple[Any, ...]:
    """Returns a replica's part of a global batch, with its weights and the batch's size."""
    size = size_of(batch)[0]
    first = replica * size // replicas
    count = (replica + 1) * size // replicas - first
    if full is not None:
        length = -(-full // (replicas * micro_batches))
    else:
        length = tf.maximum(-(-count // micro_batches), 1)
    ends = first + tf.range(micro_batches + 1) * count // micro_batches
    place = ends[:-1, None] + tf.range(length)  # (micro_batches, length)
    weight = tf.reshape(tf.cast(place < ends[1:, None], tf.float32), [-1])
    place = tf.reshape(place % size, [-1])
    part = tf.nest.map_structure(lambda values: tf.gather(values, place), batch)
    return (*part, weight, _number(batch))
