"""Users' own models: Keras' numbers on one replica, the same on several, and what is refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers.own_models import OPTIMIZERS, make_data, make_model

from kerasbook import training
from kerasbook.testing import replicas, two_replicas


@pytest.mark.parametrize(
    ("make_optimizer", "arguments", "count"),
    [
        (lambda: OPTIMIZERS.Adam(0.01), {}, 45),
        # Of a whole number of updates: Keras carries a rest over into the next epoch.
        (lambda: OPTIMIZERS.SGD(0.1, 0.9, gradient_accumulation_steps=3), {}, 48),
        (
            lambda: OPTIMIZERS.SGD(0.1, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=4),
            {},
            45,
        ),
        (lambda: OPTIMIZERS.SGD(0.5, global_clipnorm=0.05), {"steps_per_execution": 4}, 45),
        (lambda: OPTIMIZERS.SGD(0.5, clipnorm=0.02), {"jit_compile": True}, 16),
        (lambda: OPTIMIZERS.SGD(0.5, clipvalue=0.01, weight_decay=0.1), {}, 45),
    ],
    ids=["adam", "accumulation", "ema", "steps_per_execution", "jit", "decay"],
)
def test_one_replica_is_keras_fit_and_two_are_one(make_optimizer, arguments, count):
    data = make_data(count)
    few = {"epochs": 2, "batch_size": 8, "verbose": 0, "shuffle": False}
    theirs = make_model(make_optimizer, **arguments)
    expected = theirs.fit(*data, validation_data=data, **few).history
    for strategy in (tf.distribute.get_strategy(), two_replicas()):
        model = make_model(make_optimizer, strategy, **arguments)
        history = training.fit(model, data, validation_data=data, **few).history
        for a, b in zip(model.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=2e-7)
        for name, values in expected.items():
            np.testing.assert_allclose(history[name], values, rtol=1e-6, err_msg=name)
        assert int(model.optimizer.iterations.numpy()) == int(theirs.optimizer.iterations.numpy())


class TwoInputs(keras.Model):
    """A subclassed model of two inputs and two outputs, not built before it is trained."""

    def __init__(self):
        super().__init__()
        self.number = keras.layers.Dense(1)
        self.name_ = keras.layers.Dense(3, activation="softmax")

    def call(self, inputs):
        together = keras.ops.concatenate([inputs["left"], inputs["right"]], -1)
        return {"number": self.number(together), "name": self.name_(together)}


@pytest.mark.parametrize("make_strategy", [tf.distribute.get_strategy, two_replicas])
def test_structures_weights_and_several_losses(make_strategy, rng):
    left, right = rng.random((2, 21, 2)).astype("float32")
    x = {"left": left, "right": right}
    y = {"number": rng.random((21, 1)).astype("float32"), "name": rng.integers(0, 3, 21)}
    weights = rng.random(21).astype("float32")

    def make():
        keras.utils.set_random_seed(1)
        model = TwoInputs()
        model.compile(
            OPTIMIZERS.SGD(0.1),
            {"number": "mse", "name": "sparse_categorical_crossentropy"},
            loss_weights={"number": 2.0, "name": 0.5},
            metrics={"number": ["mae"], "name": ["accuracy"]},
            weighted_metrics={"number": ["mse"]},
        )
        return model

    few = {"epochs": 2, "batch_size": 8, "verbose": 0, "shuffle": False}
    theirs = make()
    expected = theirs.fit(x, y, sample_weight=weights, **few).history
    with make_strategy().scope():
        model = make()
    history = training.fit(model, (x, y, weights), **few).history
    for a, b in zip(model.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-7)
    for name in ("loss", "number_mae", "name_accuracy", "number_mse"):
        np.testing.assert_allclose(history[name], expected[name], rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("make_strategy", [tf.distribute.get_strategy, two_replicas])
def test_a_sum_of_losses_is_the_same_on_two_replicas(make_strategy):
    data = make_data(21)
    few = {"epochs": 1, "batch_size": 8, "verbose": 0, "shuffle": False}

    def make(strategy=None):
        model = make_model(strategy=strategy)
        loss = keras.losses.SparseCategoricalCrossentropy(reduction="sum")
        with model.distribute_strategy.scope():
            model.compile(OPTIMIZERS.SGD(0.01), loss)
        return model

    theirs, model = make(), make(make_strategy())
    theirs.fit(*data, **few)
    training.fit(model, data, **few)
    for a, b in zip(model.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-7)


class OwnLoss(keras.Model):
    """A model with a loss of its own beside what Keras computes."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
        return loss + keras.ops.mean(keras.ops.square(y_pred))


def test_an_overridden_loss_is_as_on_one_replica(rng):
    x, y = rng.random((2, 24, 2)).astype("float32")
    few = {"epochs": 2, "batch_size": 8, "verbose": 0, "shuffle": False}

    def make():
        keras.utils.set_random_seed(2)
        image = keras.Input((2,))
        model = OwnLoss(image, keras.layers.Dense(2, kernel_regularizer="l2")(image))
        model.compile(OPTIMIZERS.SGD(0.1), "mse")
        return model

    theirs = make()
    expected = theirs.fit(x, y, **few).history["loss"]
    for strategy in (tf.distribute.get_strategy(), two_replicas(), replicas(3)):
        with strategy.scope():
            model = make()
        history = training.fit(model, (x, y), **few).history
        np.testing.assert_allclose(history["loss"], expected, rtol=1e-5)
        for a, b in zip(model.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)
    assert "compute_loss" not in vars(keras.Model)


@pytest.mark.parametrize("make_strategy", [tf.distribute.get_strategy, two_replicas])
def test_masked_sequences_lists_and_metrics_that_give_vectors(make_strategy, rng):
    words, extra = rng.integers(0, 5, (16, 7)), rng.random((16, 7)).astype("float32")
    labels = rng.integers(0, 3, (16, 7))

    def make():
        keras.utils.set_random_seed(4)
        word, number = keras.Input((7,)), keras.Input((7,))
        x = keras.layers.Embedding(5, 4, mask_zero=True)(word)
        x = keras.layers.LSTM(3, return_sequences=True)(x)
        out = keras.layers.Dense(3, activation="softmax")(x)
        total = keras.layers.Dense(2, activation="sigmoid", name="total")(number)
        model = keras.Model([word, number], [out, total])
        losses = ["sparse_categorical_crossentropy", "binary_crossentropy"]
        model.compile(OPTIMIZERS.SGD(0.1), losses, metrics=[None, [keras.metrics.F1Score()]])
        return model

    y = [labels, (extra[:, :2] > 0.5).astype("float32")]
    few = {"epochs": 1, "batch_size": 16, "verbose": 0, "shuffle": False}
    theirs = make()
    expected = theirs.fit([words, extra], y, **few).history
    with make_strategy().scope():
        model = make()
    history = training.fit(model, ([words, extra], y), **few).history
    (name,) = [name for name in expected if "f1" in name]
    np.testing.assert_allclose(history[name], expected[name], rtol=1e-5)
    if model.distribute_strategy.num_replicas_in_sync == 1:  # masked means are of each part
        for a, b in zip(model.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)


def test_nothing_is_counted_where_data_of_unknown_length_ends():
    x, y = make_data(40)
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
    arguments = {"make_optimizer": lambda: OPTIMIZERS.Adam(0.01), "steps_per_execution": 2}
    seen, models = [], []
    for data in (batches, batches.filter(lambda *_: True)):
        for make_strategy in (tf.distribute.get_strategy, two_replicas):
            model = make_model(strategy=make_strategy(), **arguments)
            ends = []
            end = keras.callbacks.LambdaCallback(
                on_train_batch_end=lambda n, logs, ends=ends: ends.append(n)
            )
            training.fit(model, data, epochs=2, verbose=0, callbacks=[end])
            seen.append(list(ends))
            models.append(model)
            assert int(model.optimizer.iterations.numpy()) == 10
    assert all(ends == [1, 3, 4] * 2 for ends in seen)
    for model in models[1:]:
        for a, b in zip(model.get_weights(), models[0].get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)


def test_datasets_and_functions_of_the_epoch():
    x, y = make_data(21)
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
    unknown = batches.filter(lambda *_: True)
    expected = make_model()
    expected.fit(x, y, batch_size=8, epochs=2, verbose=0, shuffle=False)
    for data in (batches, unknown, lambda epoch: batches):
        model = make_model()
        history = training.fit(model, data, validation_data=data, epochs=2, verbose=0).history
        assert len(history["val_loss"]) == 2
        for a, b in zip(model.get_weights(), expected.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=2e-7)
    epochs = []
    training.fit(make_model(), lambda epoch: epochs.append(epoch) or batches, epochs=2, verbose=0)
    assert epochs[-2:] == [0, 1]


def test_endless_data_goes_on_where_the_epoch_before_ended():
    x, y = make_data(24)
    endless = tf.data.Dataset.from_tensor_slices((x, y)).batch(8).repeat()
    expected, model = make_model(), make_model()
    expected.fit(endless, epochs=2, steps_per_epoch=2, verbose=0)
    training.fit(model, endless, epochs=2, steps_per_epoch=2, verbose=0)
    for a, b in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-7)
    with pytest.raises(ValueError, match="`steps_per_epoch` must be given"):
        training.fit(model, endless)


class OwnStep(keras.Model):
    """A model that trains in its own way."""

    def train_step(self, data):
        return {}


def test_what_cannot_be_trained_is_refused():
    x, y = make_data(8)
    model = make_model()
    with pytest.raises(ValueError, match="`model` must be compiled"):
        training.fit(keras.Sequential([keras.layers.Dense(1)]), (x, y))
    own = OwnStep()
    own.compile("sgd", "mse")
    with pytest.raises(ValueError, match="leave `train_step` to the engine.*Received: OwnStep"):
        training.fit(own, (x, y))
    outside = OPTIMIZERS.SGD()
    with pytest.raises(ValueError, match="`optimizer` must be made in the scope"):
        training.fit(make_model(lambda: outside, two_replicas()), (x, y))
    with pytest.raises(ValueError, match="run_eagerly=False"):
        training.fit(make_model(run_eagerly=True), (x, y))
    with pytest.raises(ValueError, match="`data` must hold arrays of one length"):
        training.fit(model, (x, y[:5]))
    for name, values in {
        **dict.fromkeys(("epochs", "batch_size", "steps_per_epoch"), (0, -1, 1.5)),
        "validation_steps": (0,),
        "checkpoint_steps": (0,),
        "recover": (-1, None),
        "seed": ("a", -1),
        "verbose": (7,),
        "callbacks": ([None],),
    }.items():
        for value in values:
            with pytest.raises(ValueError, match=f"`{name}` must be"):
                training.fit(model, (x, y), validation_data=(x, y), **{name: value})
    with pytest.raises(ValueError, match=r"`data` must be \(x, y\)"):
        training.fit(model, x)
    with pytest.raises(ValueError, match="`data` must hold one weight for each example"):
        training.fit(model, (x, y, np.ones((8, 2))))
    with pytest.raises(ValueError, match="`data` must give batches"):
        training.fit(model, tf.data.Dataset.from_tensor_slices(x).batch(2))
    mixed = make_model()
    mean = keras.losses.MeanSquaredError()
    mixed.compile("sgd", [mean, keras.losses.MeanSquaredError(reduction="sum")])
    with pytest.raises(ValueError, match="`loss` must be of means, or of sums"):
        training.fit(mixed, (x, y))
