"""Divergence: the rate falls, be it a number or a schedule; the batch is kept."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbook.serving import Preprocessing
from kerasbook.testing import two_replicas
from kerasbook.training.engine.divergence import LearningRate, keep_batch
from kerasbook.training.input.data import LabelledImages
from kerasbook.training.input.pipeline import Pipeline
from kerasbook.training.schedules import WarmupCosine


def test_a_number_is_multiplied_again_and_a_schedule_as_a_whole():
    optimizer = keras.optimizers.SGD(0.4)
    optimizer.build([keras.Variable([1.0])])
    rate = LearningRate(optimizer)
    assert not rate.is_schedule
    rate.scale(0.5)
    rate.scale(0.5)
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    assert rate.value == pytest.approx(0.1)

    schedule = WarmupCosine(0.4, 10)
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(schedule))
    optimizer.build([keras.Variable([1.0])])
    rate = LearningRate(optimizer)
    assert rate.is_schedule
    rate.scale(0.5)
    rate.scale(0.25)
    assert rate.value == pytest.approx(0.1)
    again = LearningRate(optimizer)  # of a run that has been resumed with it
    again.scale(0.5)
    assert again.value == pytest.approx(0.2)


@pytest.mark.parametrize("make_strategy", [tf.distribute.get_strategy, two_replicas])
def test_the_batch_is_kept_as_the_step_got_it(make_strategy, tmp_path):
    strategy = make_strategy()
    examples = LabelledImages("digits").split("train[:20]")
    pipeline = Pipeline(examples, Preprocessing(8, 8, 1), 8, shuffle=True, seed=3)
    keep_batch(tmp_path / "batch.npz", pipeline, strategy, epoch=2, batch=1)
    order = np.random.Generator(np.random.Philox(key=[3, 2])).permutation(np.arange(20))[8:16]
    images, labels = examples.arrays
    with np.load(tmp_path / "batch.npz") as kept:
        np.testing.assert_allclose(kept["inputs"], images[order] / 255, atol=1e-6)
        np.testing.assert_array_equal(kept["targets"], labels[order])
        assert kept["weights"].tolist() == [1] * 8
