"""AugmentationSchedule: strengths by epoch, seen by models and pipelines without a retrace."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasbook.augmentation import Sequence
from kerasbook.augmentation.augmentation import Augmentation
from kerasbook.callbacks import AugmentationSchedule


class Brighter(Augmentation):
    """Adds 80 times the strength to images, and counts how often it is traced."""

    num_draws = 1
    traces = 0

    def transform(self, batch, drawn):
        self.traces += 1
        change = ops.cast(80 * self.strength, batch["images"].dtype)
        return {**batch, "images": batch["images"] + change}


class Means(keras.layers.Layer):
    """Hands its input on, and keeps the mean of the last batch."""

    def build(self, input_shape):
        self.mean = self.add_weight(shape=(), trainable=False)

    def call(self, inputs):
        self.mean.assign(ops.mean(inputs))
        return inputs


class Notes(keras.callbacks.Callback):
    """Notes the mean that the model saw in the last batch of each epoch."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(round(float(self.model.get_layer("means").mean), 3))


def strengths(schedule, epochs):
    return [round(schedule.strength_of(epoch), 4) for epoch in range(epochs)]


def make_model(*before):
    layers = [*before, Means(name="means"), keras.layers.Flatten(), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((4, 3, 1)), *layers])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"schedule": "linear", "epochs": 5}, [0, 0.25, 0.5, 0.75, 1, 1]),
        ({"schedule": "linear", "epochs": 3, "start": 1.0, "end": 0.5}, [1, 0.75, 0.5, 0.5]),
        ({"schedule": "linear", "epochs": 1, "end": 0.7}, [0.7, 0.7]),
        ({"schedule": "constant", "end": 0.3}, [0.3, 0.3]),
        ({"schedule": "cosine", "epochs": 5}, [0, 0.1464, 0.5, 0.8536, 1, 1]),
        ({"schedule": "curriculum", "epochs": 6, "stages": 3}, [0, 0, 0.5, 0.5, 1, 1, 1]),
        ({"schedule": "curriculum", "epochs": 5, "stages": 2}, [0, 0, 0, 1, 1, 1]),
        (
            {"schedule": "curriculum", "start": 0.1, "stages": [(1, 0.5), (3, 0.2)]},
            [0.1, 0.5, 0.5, 0.2, 0.2],
        ),
    ],
    ids=str,
)
def test_strengths(arguments, expected):
    assert strengths(AugmentationSchedule(Brighter(), **arguments), len(expected)) == expected


def test_a_layer_in_a_model_follows_and_is_traced_no_more():
    layer, notes = Brighter(), Notes()
    model = make_model(layer)
    x, y = np.zeros((8, 4, 3, 1), "float32"), np.zeros(8)
    model.fit(x, y, batch_size=4, verbose=0)
    traced = layer.traces
    model.fit(
        x, y, batch_size=4, epochs=5, callbacks=[AugmentationSchedule(layer), notes], verbose=0
    )
    assert notes.seen == [0, 20, 40, 60, 80]
    if keras.backend.backend() != "torch":  # which does not trace
        assert layer.traces == traced
    assert float(layer.strength) == 1


@pytest.mark.tensorflow
def test_a_pipeline_made_before_sees_every_strength_and_is_traced_once():
    import tensorflow as tf

    layers = [Brighter(), Brighter()]
    images = tf.data.Dataset.from_tensor_slices(np.zeros((8, 4, 3, 1), "float32")).batch(4)
    policy = Sequence(layers)
    dataset = images.map(lambda x: (policy(x, training=True), tf.zeros(tf.shape(x)[0])))
    dataset = dataset.prefetch(tf.data.AUTOTUNE)
    notes = Notes()
    schedule = AugmentationSchedule(policy, "curriculum", stages=[(0, 0.25), (2, 1.0)])
    make_model().fit(dataset, epochs=3, callbacks=[schedule, notes], verbose=0)
    assert notes.seen == [40, 40, 160]
    assert [layer.traces for layer in layers] == [1, 1]


def test_all_layers_of_a_list_are_set():
    layers = [Brighter(), Brighter()]
    schedule = AugmentationSchedule(layers, "linear", epochs=3)
    schedule.on_epoch_begin(1)
    assert [float(layer.strength) for layer in layers] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"schedule": "exponential"}, "`schedule` must be one of.*'exponential'"),
        ({"start": -0.1}, r"`start` must be in \[0, 1\]. Received: start=-0.1"),
        ({"end": 2}, r"`end` must be in \[0, 1\]. Received: end=2"),
        ({"epochs": 0}, "`epochs` must be a positive integer"),
        ({"stages": 0}, "`stages` must be a positive integer"),
        ({"stages": [(3, 0.5), (1, 1.0)]}, "`stages` must be their number, or"),
        ({"stages": []}, "`stages` must be their number, or"),
        ({"stages": [(0, 1.5)]}, r"`stages` must be in \[0, 1\]"),
        ({"layer": keras.layers.Dense(1)}, "`layer` must be augmentations.*Dense"),
        ({"layer": []}, "`layer` must be augmentations"),
    ],
    ids=str,
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        AugmentationSchedule(**{"layer": Brighter(), **arguments})


def test_epochs_of_no_run():
    with pytest.raises(ValueError, match="`epochs` must be given outside training"):
        AugmentationSchedule(Brighter()).strength_of(1)
