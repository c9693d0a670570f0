"""The pipeline: order, augmentation and sharing out depend on seed, epoch and example alone."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from kerasbook.augmentation import ShiftFlip
from kerasbook.serving import Preprocessing
from kerasbook.testing import two_replicas
from kerasbook.training.data import LabelledImages
from kerasbook.training.pipeline import Pipeline

PREPROCESSING = Preprocessing(8, 8, 1, mean=(0.5,), std=(0.25,))
DEFAULT = tf.distribute.get_strategy()


@dataclasses.dataclass(frozen=True)
class Streamed:
    """A split that is said to be too large for memory."""

    dataset: tf.data.Dataset
    count: int
    image_shape: tuple
    fits_in_memory: bool = False


@pytest.fixture(scope="module")
def examples():
    return LabelledImages("digits").split("train[:50]")


@pytest.fixture(params=["memory", "stream"])
def either(request, examples):
    if request.param == "memory":
        return examples
    return Streamed(examples.dataset, examples.count, examples.image_shape)


def batches(pipeline, **arguments):
    return [tuple(v.numpy() for v in batch) for batch in pipeline.epoch(DEFAULT, **arguments)]


def test_every_example_once_scaled_in_order(either):
    pipeline = Pipeline(either, PREPROCESSING, 16)
    assert (pipeline.steps, pipeline.count) == (4, 50)
    parts = batches(pipeline)
    assert [len(p[0]) for p in parts] == [16, 16, 16, 2]
    assert [float(p[3]) for p in parts] == [16, 16, 16, 2]
    images, labels, weights = (np.concatenate([p[i] for p in parts]) for i in range(3))
    raw = np.stack([image for image, _ in either.dataset.as_numpy_iterator()])
    np.testing.assert_allclose(images, (raw / 255 - 0.5) / 0.25, atol=1e-5)
    assert labels.tolist() == [int(label) for _, label in either.dataset.as_numpy_iterator()]
    assert np.all(weights == 1)


def test_order_is_a_function_of_seed_and_epoch(either):
    def labels(seed, epoch, **arguments):
        pipeline = Pipeline(either, PREPROCESSING, 16, shuffle=True, seed=seed)
        return np.concatenate([p[1] for p in batches(pipeline, epoch=epoch, **arguments)]).tolist()

    first = labels(1, 0)
    assert labels(1, 0) == first
    assert labels(1, 1) != first
    assert labels(2, 0) != first
    assert sorted(labels(1, 1)) == sorted(first)
    assert labels(1, 0, first_step=2) == first[32:]
    tf.random.set_seed(99)
    assert labels(1, 0) == first


def test_augmentation_follows_the_example_and_not_its_batch(either):
    policy = ShiftFlip(fraction=0.3)

    def image_of_each(batch_size, epoch):
        pipeline = Pipeline(either, PREPROCESSING, batch_size, policy=policy, seed=3)
        return np.concatenate([p[0] for p in batches(pipeline, epoch=epoch)])

    np.testing.assert_array_equal(image_of_each(16, 0), image_of_each(7, 0))
    assert not np.array_equal(image_of_each(16, 0), image_of_each(16, 1))


@pytest.mark.parametrize("static", [False, True])
def test_replicas_share_every_example_out_once(either, static):
    strategy = two_replicas()
    pipeline = Pipeline(either, PREPROCESSING, 15, static=static)
    seen, totals = [], []
    for batch in pipeline.epoch(strategy):
        parts = [[v.numpy() for v in strategy.experimental_local_results(b)] for b in batch]
        sizes = [len(images) for images in parts[0]]
        assert sizes[0] == sizes[1]
        assert not static or sizes == [8, 8]
        for labels, weights in zip(parts[1], parts[2], strict=True):
            seen.extend(labels[weights == 1].tolist())
        totals.append({float(total) for total in parts[3]})
        assert sum(weights.sum() for weights in parts[2]) == totals[-1].copy().pop()
    assert seen == [int(label) for _, label in either.dataset.as_numpy_iterator()]
    assert totals == [{15.0}, {15.0}, {15.0}, {5.0}]


def test_images_are_resized(examples):
    pipeline = Pipeline(examples, Preprocessing(12, 10, 1), 50)
    assert batches(pipeline)[0][0].shape == (50, 12, 10, 1)
