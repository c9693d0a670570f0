"""Own data: epochs of arrays and datasets, from any step on."""

import numpy as np
import tensorflow as tf

from kerasbook.training.input.own_data import OwnData

STRATEGY = tf.distribute.get_strategy()


def numbers(data, epoch=0, first_step=0):
    return [x.numpy().tolist() for x, *_ in data.epoch(STRATEGY, epoch, first_step)]


def test_arrays_are_shuffled_by_seed_and_epoch_and_begun_anywhere():
    x = np.arange(10)
    data = OwnData((x, x), 4, shuffle=True, seed=1)
    assert (data.steps, data.count) == (3, 10)
    epochs = [numbers(data, epoch) for epoch in (0, 1)]
    assert epochs[0] != epochs[1]
    for epoch in epochs:
        assert sorted(np.concatenate(epoch)) == x.tolist()
    assert numbers(data, 1, 2) == epochs[1][2:]
    assert numbers(OwnData((x, x), 4, shuffle=True, seed=2)) != epochs[0]
    assert numbers(OwnData((x, x), 4, steps=2)) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_weights_travel_with_the_targets():
    x = np.arange(5)
    data = OwnData((x, x + 1, x / 4), 3)
    (_, targets, fillers, total), _ = data.epoch(STRATEGY)
    assert [t.numpy().tolist() for t in targets] == [[1, 2, 3], [0, 0.25, 0.5]]
    assert fillers.numpy().tolist() == [1, 1, 1]
    assert float(total) == 3
    x, targets = data.first_batch()
    assert x.numpy().tolist() == [0, 1, 2]
    assert len(targets) == 2


def test_batches_of_a_dataset_become_one_where_gradients_accumulate():
    x = tf.data.Dataset.range(10)
    data = OwnData(tf.data.Dataset.zip((x, x)).batch(2), accumulation_steps=2)
    assert data.steps == 3
    assert numbers(data) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert numbers(data, first_step=2) == [[8, 9]]


def test_an_endless_dataset_goes_on():
    x = tf.data.Dataset.range(6)
    data = OwnData(tf.data.Dataset.zip((x, x)).batch(2).repeat(), steps=2)
    assert numbers(data, 0) == [[0, 1], [2, 3]]
    assert numbers(data, 1) == [[4, 5], [0, 1]]
    assert numbers(data, 1, 1) == [[0, 1]]


def test_endless_datasets_accumulate_and_functions_of_the_epoch_are_not_skipped():
    x = tf.data.Dataset.range(12)
    endless = tf.data.Dataset.zip((x, x)).batch(2).repeat()
    data = OwnData(endless, steps=4, accumulation_steps=2)
    assert data.steps == 2
    assert numbers(data, 0) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert numbers(data, 1) == [[8, 9, 10, 11], [0, 1, 2, 3]]
    data = OwnData(lambda epoch: endless, steps=2)
    assert numbers(data, 1) == [[0, 1], [2, 3]]


def test_the_digest_tells_arrays_apart():
    x = np.arange(6.0)
    first = OwnData((x, x)).digest()
    assert first == OwnData((x, x.copy())).digest()
    assert first != OwnData((x, x + 1)).digest()
    assert first != OwnData((x.reshape(6, 1), x)).digest()
    assert (
        OwnData(
            lambda epoch: tf.data.Dataset.zip((tf.data.Dataset.range(3),) * 2).batch(2)
        ).digest()
        is None
    )
