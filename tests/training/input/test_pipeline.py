"""The pipeline: order, augmentation and sharing out depend on seed, epoch and example alone."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from helpers.damage import damaged_digits

from kerasbook.augmentation import (
    Augmentation,
    RandomOperation,
    RepeatedAugmentation,
    ShiftFlip,
)
from kerasbook.serving import Preprocessing
from kerasbook.testing import two_replicas
from kerasbook.training.input import data as data_module
from kerasbook.training.input.data import LabelledImages
from kerasbook.training.input.pipeline import Pipeline

PREPROCESSING = Preprocessing(8, 8, 1, mean=(0.5,), std=(0.25,))
DEFAULT = tf.distribute.get_strategy()


@dataclasses.dataclass(frozen=True)
class Streamed:
    """A split that is said to be too large for memory."""

    dataset: tf.data.Dataset
    count: int
    image_shape: tuple
    fits_in_memory: bool = False
    indices: np.ndarray = None
    bad: tuple = ()


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


def test_one_dataset_serves_all_epochs(either):
    pipeline = Pipeline(either, PREPROCESSING, 16, shuffle=True, seed=1)
    first = pipeline.epoch(DEFAULT, 0)
    labels = [np.concatenate([b[1] for b in batches(pipeline, epoch=e)]) for e in (0, 1, 0)]
    assert pipeline.epoch(DEFAULT, 5) is first
    np.testing.assert_array_equal(labels[0], labels[2])
    assert labels[0].tolist() != labels[1].tolist()
    # An iterator keeps to its epoch, though another is asked for before it has come to its end.
    iterator = iter(pipeline.epoch(DEFAULT, 0))
    found = [next(iterator)[1].numpy()]
    pipeline.epoch(DEFAULT, 1)
    found.extend(batch[1].numpy() for batch in iterator)
    np.testing.assert_array_equal(np.concatenate(found), labels[0])


def test_augmentation_follows_the_example_and_not_its_batch(either):
    policy = ShiftFlip(fraction=0.3)

    def image_of_each(batch_size, epoch):
        pipeline = Pipeline(either, PREPROCESSING, batch_size, policy=policy, seed=3)
        return np.concatenate([p[0] for p in batches(pipeline, epoch=epoch)])

    np.testing.assert_array_equal(image_of_each(16, 0), image_of_each(7, 0))
    assert not np.array_equal(image_of_each(16, 0), image_of_each(16, 1))


class Dealt:
    """Gives what one worker of a strategy of so many replicas would get."""

    def __init__(self, replicas, workers=1, worker=0):
        self._context = tf.distribute.InputContext(workers, worker, replicas)

    def distribute_datasets_from_function(self, dataset_function):
        return dataset_function(self._context)


def parts_of(pipeline, strategy, **arguments):
    """Every part in turn: labels, weights, and the size of the global batch."""
    return [
        (labels.numpy().tolist(), weights.numpy().tolist(), float(total))
        for _, labels, weights, total in pipeline.epoch(strategy, **arguments)
    ]


class AddDrawn(Augmentation):
    """Adds what it draws for an example to its pixels."""

    num_draws = 1

    def transform(self, batch, drawn):
        added = tf.cast(255 * tf.reshape(drawn, (-1, 1, 1, 1)), tf.uint8)
        return {**batch, "images": batch["images"] + added}


def test_examples_keep_order_and_draws_where_others_are_left_out(tmp_path, monkeypatch):
    folder = damaged_digits(tmp_path / "1.0.0", "validation", images=[9, 30], checksums=[50])
    policy = AddDrawn()

    def images(data, shuffle, **arguments):
        examples = data.split("validation[:100]", **arguments)
        pipeline = Pipeline(examples, PREPROCESSING, 16, policy=policy, seed=3, shuffle=shuffle)
        assert pipeline.steps == -(-pipeline.count // 16)
        parts = batches(pipeline, epoch=2)
        assert len(parts) == pipeline.steps
        return np.concatenate([part[0] for part in parts])

    damaged = LabelledImages(str(folder))
    kept = np.delete(np.arange(100), [9, 30, 50])
    for limit, shuffle in ((2**31, False), (2**31, True), (0, False)):
        monkeypatch.setattr(data_module, "MEMORY_LIMIT", limit)
        order = np.random.Generator(np.random.Philox(key=[3, 2])).permutation(100)
        places = np.isin(order, kept) if shuffle else kept
        whole = images(LabelledImages("digits"), shuffle)
        np.testing.assert_array_equal(images(damaged, shuffle, max_bad="3%"), whole[places])


@pytest.mark.parametrize("static", [False, True])
def test_replicas_share_every_example_out_once(either, static):
    strategy = two_replicas()
    pipeline = Pipeline(either, PREPROCESSING, 15, static=static)
    seen, totals, lengths = [], [], []
    for batch in pipeline.epoch(strategy):
        parts = [[v.numpy() for v in strategy.experimental_local_results(b)] for b in batch]
        lengths.append([len(images) for images in parts[0]])
        for labels, weights in zip(parts[1], parts[2], strict=True):
            seen.extend(labels[weights == 1].tolist())
        totals.append({float(total) for total in parts[3]})
        assert sum(weights.sum() for weights in parts[2]) == totals[-1].copy().pop()
    assert seen == [int(label) for _, label in either.dataset.as_numpy_iterator()]
    assert totals == [{15.0}, {15.0}, {15.0}, {5.0}]
    assert lengths == ([[8, 8]] * 4 if static else [[7, 8]] * 3 + [[2, 3]])


def test_parts_are_equal_or_differ_by_one_example_and_only_an_empty_one_is_filled():
    examples = LabelledImages("digits").split("train[:22]")
    labels = examples.arrays[1].tolist()
    lengths = [len(part[0]) for part in parts_of(Pipeline(examples, PREPROCESSING, 9), Dealt(3))]
    assert lengths == [3, 3, 3] * 2 + [1, 1, 2]
    # The last batch holds one example: two of three replicas get it as a filler.
    last = parts_of(Pipeline(examples, PREPROCESSING, 21), Dealt(3), first_step=1)
    assert last == [
        ([labels[21]], [0.0], 1.0),
        ([labels[21]], [0.0], 1.0),
        ([labels[21]], [1.0], 1.0),
    ]
    # Two workers of two replicas each get together what four replicas of one get.
    pipeline = Pipeline(examples, PREPROCESSING, 22)
    four = parts_of(pipeline, Dealt(4))
    assert [len(part[0]) for part in four] == [5, 6, 5, 6]
    assert parts_of(pipeline, Dealt(4, 2, 0)) + parts_of(pipeline, Dealt(4, 2, 1)) == four


def test_parts_consist_of_equal_micro_batches_with_one_filler_each_at_most():
    examples = LabelledImages("digits").split("train[:26]")
    x = examples.arrays[1].tolist()
    pipeline = Pipeline(examples, PREPROCESSING, 16, accumulation_steps=4)
    first, last = parts_of(pipeline, Dealt(1))
    assert first == (x[:16], [1.0] * 16, 16.0)
    # 10 examples make micro-batches of 2, 3, 2 and 3; a filler is the example that comes next.
    assert last == (x[16:19] + x[18:21] + x[21:24] + x[23:26], [1, 1, 0, 1, 1, 1] * 2, 10.0)
    parts = parts_of(pipeline, Dealt(2), first_step=1)
    assert [weights for _, weights, _ in parts] == [[1, 0, 1, 0, 1, 0, 1, 1]] * 2
    real = [v for labels, weights, _ in parts for v, w in zip(labels, weights, strict=True) if w]
    assert real == x[16:]
    static = Pipeline(examples, PREPROCESSING, 16, accumulation_steps=4, static=True)
    (first, last) = parts_of(static, Dealt(1))
    assert [len(first[0]), len(last[0]), sum(last[1])] == [16, 16, 10]
    shapes = [spec.shape.as_list() for spec in static.epoch(Dealt(2)).element_spec]
    assert shapes == [[8, 8, 8, 1], [8], [8], []]


def test_images_are_resized(examples):
    pipeline = Pipeline(examples, Preprocessing(12, 10, 1), 50)
    assert batches(pipeline)[0][0].shape == (50, 12, 10, 1)


class MixNeighbours(Augmentation):
    """Mixes each example with the next of its batch, by a share that it draws."""

    mixes_labels = True
    needs_batch = True
    num_draws = 1

    def transform(self, batch, drawn):
        def mixed(x):
            floats = tf.cast(x, tf.float32)
            share = tf.reshape(drawn, (-1, *[1] * (len(x.shape) - 1)))
            return tf.cast(share * floats + (1 - share) * tf.roll(floats, -1, 0), x.dtype)

        return {name: mixed(feature) for name, feature in batch.items()}


def test_mixing_gets_the_global_batch_before_it_is_dealt_out(either):
    """On two replicas, one of them filled up, the same examples are mixed as on one."""
    policy = MixNeighbours()
    pipeline = Pipeline(either, PREPROCESSING, 15, policy=policy, classes=10, seed=3)
    alone = batches(pipeline, epoch=1)
    raw, labels = (np.stack(x) for x in zip(*either.dataset.as_numpy_iterator(), strict=True))
    share = policy.draw(3, 1, np.arange(45, 50)).numpy()
    expected = share * np.eye(10)[labels[45:]] + (1 - share) * np.eye(10)[np.roll(labels[45:], -1)]
    np.testing.assert_allclose(alone[3][1], expected, atol=1e-6)
    share, last = share[..., None, None], raw[45:].astype("float32")
    pixels = (share * last + (1 - share) * np.roll(last, -1, 0)).astype("uint8")
    np.testing.assert_allclose(alone[3][0], (pixels / 255 - 0.5) / 0.25, atol=0.02)
    assert [p[1].shape for p in alone] == [(15, 10)] * 3 + [(5, 10)]
    assert [p[2].tolist() for p in alone] == [[1.0] * 15] * 3 + [[1.0] * 5]

    for static in (False, True):
        strategy = two_replicas()
        pipeline = Pipeline(
            either, PREPROCESSING, 15, policy=policy, classes=10, seed=3, static=static
        )
        for whole, batch in zip(alone, pipeline.epoch(strategy, epoch=1), strict=True):
            parts = [[v.numpy() for v in strategy.experimental_local_results(b)] for b in batch]
            weights = np.concatenate(parts[2])
            assert len(weights) == (16 if static else len(whole[0]))
            for i in (0, 1):
                np.testing.assert_array_equal(np.concatenate(parts[i])[weights == 1], whole[i])


def test_repeated_examples_all_count(either):
    policy = RepeatedAugmentation(RandomOperation("rotate"), num_repeats=3)
    parts = batches(Pipeline(either, PREPROCESSING, 20, policy=policy))
    assert [(len(p[0]), len(p[2]), float(p[3])) for p in parts] == [
        (60, 60, 60),
        (60, 60, 60),
        (30, 30, 30),
    ]
    labels = [int(label) for _, label in either.dataset.as_numpy_iterator()]
    assert np.concatenate([p[1] for p in parts]).tolist() == np.repeat(labels, 3).tolist()
    strategy = two_replicas()
    pipeline = Pipeline(either, PREPROCESSING, 20, policy=policy, static=True)
    weights = [
        float(sum(w.numpy().sum() for w in strategy.experimental_local_results(batch[2])))
        for batch in pipeline.epoch(strategy)
    ]
    assert weights == [60, 60, 30]


def test_mixed_labels_need_the_number_of_classes(examples):
    with pytest.raises(ValueError, match="`classes` must be given where labels are mixed"):
        Pipeline(examples, PREPROCESSING, 16, policy=MixNeighbours())
