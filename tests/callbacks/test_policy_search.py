"""PolicySearch: what a trial is, its reward, going on after a stop, and what is refused."""

import json

import keras
import numpy as np
import pytest

from kerasbook.augmentation.search import (
    CandidatePolicy,
    PolicySpace,
    RandomSearch,
    Search,
    SearchFailed,
)
from kerasbook.augmentation.search.search import Proposal
from kerasbook.callbacks import PolicySearch

SPACE = PolicySpace(("invert", "brightness"), 2, 1)
IMAGES = np.random.default_rng(0).random((24, 6, 8, 1)).astype("float32")
LABELS = (IMAGES.mean((1, 2, 3)) > 0.5).astype("int32")


def not_a_number(labels, outputs):
    return keras.ops.mean(outputs, axis=-1) * np.nan


def make_model(layer, loss="sparse_categorical_crossentropy"):
    keras.utils.set_random_seed(5)
    layers = [layer, keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    model = keras.Sequential([keras.Input((6, 8, 1)), *layers])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss, metrics=["accuracy"])
    return model


def make_layer():
    return CandidatePolicy(SPACE, value_range=(0, 1), seed=0)


class Notes(keras.callbacks.Callback):
    """Notes weights and policies as epochs begin, and the logs as they end."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        self.weights, self.policies, self.logs = [], [], []

    def on_epoch_begin(self, epoch, logs=None):
        weights = [*self.model.layers[-1].weights, *self.model.optimizer.variables]
        self.weights.append([np.array(keras.ops.convert_to_numpy(w)) for w in weights])
        self.policies.append(self.layer.sub_policies)

    def on_epoch_end(self, epoch, logs=None):
        self.logs.append(dict(logs))


def fitted(search, path, *, epochs, layer=None, model=None, **arguments):
    """Fits with a search; returns the callback and what was noted."""
    layer = layer or make_layer()
    callback = PolicySearch(search, layer, path=path, **arguments)
    notes = Notes(layer)
    (model or make_model(layer)).fit(
        IMAGES,
        LABELS,
        batch_size=8,
        epochs=epochs,
        validation_data=(IMAGES[:8], LABELS[:8]),
        callbacks=[callback, notes],
        verbose=0,
    )
    return callback, notes


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_trial_is_so_many_epochs_from_the_beginning(tmp_path):
    search, path = RandomSearch(SPACE), tmp_path / "state.json"
    _, notes = fitted(search, path, epochs=7, every=2, reward="val_loss", mode="min")
    policies = [trial.candidate.policy for trial in search.trials]
    shown = [SPACE.augmentation_of(p).sub_policies for p in policies]
    assert notes.policies == [shown[0], shown[0], shown[1], shown[1], shown[2], shown[2], shown[3]]
    rewards = [trial.reward for trial in search.told]
    assert rewards == pytest.approx([-notes.logs[epoch]["val_loss"] for epoch in (1, 3, 5)])
    for epoch in (2, 4, 6):
        assert same(notes.weights[epoch], notes.weights[0])
    assert not same(notes.weights[1], notes.weights[0])
    # What was asked for and not told is asked for again.
    assert [trial.status for trial in search.trials] == ["complete"] * 3 + ["pending"]
    again = RandomSearch(SPACE)
    again.load(path)
    assert again.told[-1].reward == search.told[-1].reward
    assert again.ask() == search.ask()


def test_without_restart_each_trial_goes_on(tmp_path):
    search = RandomSearch(SPACE)
    _, notes = fitted(search, tmp_path / "s.json", epochs=3, restart=False)
    assert [t.reward for t in search.told] == [logs["val_accuracy"] for logs in notes.logs]
    assert not same(notes.weights[1], notes.weights[0])
    assert not same(notes.weights[2], notes.weights[0])


def test_stopping_and_starting_again_goes_on_with_the_same_candidates(tmp_path):
    def searched(path, parts):
        for epochs in parts:
            search = RandomSearch(SPACE, seed=2)
            fitted(search, path, epochs=epochs, every=2)
        return search.state()

    whole = searched(tmp_path / "whole.json", [8])
    parts = searched(tmp_path / "parts.json", [3, 2, 4])  # 1 trial, 1 more, 2 more
    told = [(t["number"], t["policy"], t["told"]) for t in whole["trials"]]
    assert [(t["number"], t["policy"], t["told"]) for t in parts["trials"]] == told
    assert len(told) == 4


def test_stops_after_enough_trials(tmp_path):
    path = tmp_path / "s.json"
    _, notes = fitted(RandomSearch(SPACE), path, epochs=9, every=2, trials=2)
    assert len(notes.logs) == 4
    layer, search = make_layer(), RandomSearch(SPACE)
    model = make_model(layer)
    _, notes = fitted(search, path, epochs=9, every=2, trials=3, layer=layer, model=model)
    assert len(notes.logs) == 2
    assert len(search.told) == 3
    # Once more, trained as it is: the file's weights, not the model's, are those to begin with.
    _, more = fitted(search, path, epochs=2, every=2, trials=4, layer=layer, model=model)
    assert same(more.weights[0], notes.weights[0])
    before = path.read_bytes()
    again = RandomSearch(SPACE)
    fitted(again, path, epochs=9, trials=4, every=2, layer=layer, model=model)
    assert len(again.told) == 4
    assert path.read_bytes() == before


class Chain(Search):
    """Candidate n goes on with the weights of candidate n - 2."""

    def _propose(self, number):
        tokens = self.space.draw(np.random.default_rng([self.seed, number]))
        return Proposal(tokens, parent=number - 2 if number > 1 else None)

    @property
    def kept(self):
        return {len(self.trials) - 2, len(self.trials) - 1}


def test_candidates_go_on_with_their_parents_weights(tmp_path):
    path = tmp_path / "s.json"
    _, first = fitted(Chain(SPACE), path, epochs=4)
    assert same(first.weights[1], first.weights[0])
    assert not same(first.weights[2], first.weights[0])
    assert not same(first.weights[3], first.weights[2])
    kept = {file.name for file in (tmp_path / "s.json.weights").iterdir()}
    assert kept == {"2.npz", "3.npz", "initial.npz"}
    _, later = fitted(Chain(SPACE), path, epochs=2)
    with np.load(tmp_path / "s.json.weights" / "4.npz") as file:
        assert len(file.files) >= len(later.weights[0])
    assert not same(later.weights[0], first.weights[0])
    whole, path = Chain(SPACE), tmp_path / "whole.json"
    _, notes = fitted(whole, path, epochs=6)
    assert same(notes.weights[4][:2], later.weights[0][:2])
    with pytest.raises(ValueError, match="`restart` must be True"):
        fitted(Chain(SPACE), tmp_path / "t.json", epochs=3, restart=False)


@pytest.mark.tensorflow
def test_a_layer_in_the_input_pipeline(tmp_path):
    import tensorflow as tf

    layer, search = make_layer(), RandomSearch(SPACE)
    data = tf.data.Dataset.from_tensor_slices((np.arange(24), IMAGES, LABELS)).batch(8)
    data = data.map(lambda index, x, y: (layer.apply(x, layer.draw(1, 0, index)), y))
    model = make_model(keras.layers.Identity())
    callback = PolicySearch(search, layer, "loss", mode="min", path=tmp_path / "s.json")
    model.fit(data, epochs=3, callbacks=[callback], verbose=0)
    for trial in search.told:
        layer.assign(trial.candidate)
        callback._snapshots.put_back()
        losses = [model.train_on_batch(x, y)[0] for x, y in data]
        assert trial.reward == pytest.approx(-np.mean(losses), abs=1e-5)


def test_failed_trials(tmp_path):
    path = tmp_path / "s.json"
    layer = make_layer()
    search = RandomSearch(SPACE)
    model = make_model(layer, not_a_number)
    with pytest.raises(SearchFailed, match="The last 3 trials failed"):
        fitted(search, path, epochs=9, layer=layer, model=model, reward="loss")
    statuses = [trial["status"] for trial in json.loads(path.read_text())["trials"]]
    assert statuses == ["failed"] * 3
    again = RandomSearch(SPACE)
    fitted(again, path, epochs=1)
    assert [trial.status for trial in again.told] == ["failed"] * 3 + ["complete"]


def test_a_metric_that_is_not_logged(tmp_path):
    search = RandomSearch(SPACE)
    known = "accuracy, loss, val_accuracy, val_loss"
    with pytest.raises(ValueError, match=f"one of what is logged: {known}.*'val_acc'"):
        fitted(search, tmp_path / "s.json", epochs=5, every=5, reward="val_acc")
    assert [trial.status for trial in search.trials] == ["pending"]


def test_a_reward_that_comes_every_second_epoch(tmp_path):
    layer, search = make_layer(), RandomSearch(SPACE)
    callback = PolicySearch(search, layer, every=2, path=tmp_path / "s.json")
    model = make_model(layer)
    options = {"validation_data": (IMAGES[:8], LABELS[:8]), "validation_freq": 2, "verbose": 0}
    history = model.fit(IMAGES, LABELS, epochs=4, callbacks=[callback], **options).history
    assert [t.reward for t in search.told] == history["val_accuracy"]
    late = PolicySearch(RandomSearch(SPACE), layer, every=3, path=tmp_path / "t.json")
    with pytest.raises(ValueError, match="one of what is logged: accuracy, loss. Received"):
        model.fit(IMAGES, LABELS, epochs=4, callbacks=[late], **options)


@pytest.mark.tensorflow  # on JAX Keras builds the model before training begins
def test_a_model_that_is_not_built(tmp_path):
    layer = make_layer()
    model = keras.Sequential([layer, keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    with pytest.raises(ValueError, match="`model` must be built before `fit`"):
        fitted(RandomSearch(SPACE), tmp_path / "s.json", epochs=1, layer=layer, model=model)
    search = RandomSearch(SPACE)
    callback = PolicySearch(
        search, layer, path=tmp_path / "s.json", restart=False, reward="accuracy"
    )
    model.fit(IMAGES, LABELS, epochs=2, callbacks=[callback], verbose=0)
    assert len(search.told) == 2


def test_a_search_that_has_begun_does_not_overwrite_another(tmp_path):
    path = tmp_path / "s.json"
    fitted(RandomSearch(SPACE), path, epochs=1)
    before = path.read_bytes()
    search = RandomSearch(SPACE, seed=1)
    search.tell(search.ask()[0], 0.5)
    with pytest.raises(ValueError, match="`path` must be new, or hold the state of this search"):
        fitted(search, path, epochs=1)
    assert path.read_bytes() == before


def test_states_of_others_are_refused_and_kept(tmp_path):
    path = tmp_path / "s.json"
    fitted(RandomSearch(SPACE), path, epochs=1)
    for text in (path.read_text().replace("brightness", "contrast"), path.read_text()[:-9]):
        path.write_text(text)
        with pytest.raises(ValueError, match="s.json does not hold the state of this search"):
            fitted(RandomSearch(SPACE), path, epochs=1)
        assert path.read_text() == text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"search": "random"}, "`search` must have a `space` and `ask`.*'random'"),
        ({"search": RandomSearch}, "`search` must have a `space` and `ask`"),
        ({"layer": keras.layers.Identity()}, "`layer` must have a `space` and `assign`"),
        ({"layer": keras.Variable(1.0)}, "`layer` must have a `space` and `assign`"),
        ({"path": None}, "`path` must be that of a file"),
        ({"path": "."}, "`path` must be that of a file"),
        ({"layer": CandidatePolicy()}, "`layer` must have the space of the search"),
        ({"reward": None}, "`reward` must be a metric's name"),
        ({"every": 0}, "`every` must be a positive integer"),
        ({"mode": "auto"}, "`mode` must be one of"),
        ({"restart": 1}, "`restart` must be True or False"),
        ({"trials": 0}, "`trials` must be a positive integer"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        PolicySearch(**{"search": RandomSearch(SPACE), "layer": make_layer(), **arguments})
