"""The search for an augmentation policy within anybody's `model.fit`."""

import pathlib

import keras

from kerasbook.arguments import one_of, positive_integer
from kerasbook.callbacks.weight_snapshots import WeightSnapshots
from kerasbook.layers.arguments import boolean

MODES = ("max", "min")


class PolicySearch(keras.callbacks.Callback):
    """Tries a policy for some epochs, tells the search its reward, and goes on to the next.

    A trial begins with the weights, and the optimizer, as they were when training began (or as the
    candidate's parent left them), under the policy that the search asks for; it ends `every`
    epochs later, and its reward is the metric of the last of them. After each trial the state of
    the search is written to a file. A training that is started again with the same file goes on
    with the same candidate as if it had never stopped.

    The reward must come from a part of the training data that is not trained on, never from the
    test data: the best of many trials is chosen by it. At the end the model has the weights of the
    last trial: train a new one with `search.found()`.

    Args:
        search: One of `kerasbook.augmentation.search`, e.g. `ReinforceController()`.
        layer: The `CandidatePolicy` in the model or in its input pipeline, of the same space.
        reward: Name of the metric in the logs of `fit`.
        every: Epochs of a trial.
        mode: `"max"` where the greatest reward is the best, `"min"` where the least is.
        restart: Whether trials begin with the initial weights. Otherwise each goes on with what the
            one before left, and later ones gain by it, whatever their policy; then the search
            must be none that says itself whose weights to go on with.
        trials: Number of trials, those of earlier trainings among them, after which training
            stops; `None` goes on to the last epoch.
        path: File of the state. Files of weights that later candidates may go on with lie in a
            folder of this name with `.weights` after it.

    Raises:
        ValueError: If an argument is out of its range, the file holds the state of another search
            or none (it stays as it is), or the logs do not have the reward (the message lists
            those they have).
        SearchFailed: If three trials in a row have no finite reward.

    Example:
        >>> from kerasbook.augmentation import search
        >>> layer = search.CandidatePolicy(value_range=(0, 1))
        >>> callback = kerasbook.callbacks.PolicySearch(search.RandomSearch(), layer, every=3)
        >>> callback.reward
        'val_accuracy'

    Reference:
        Cubuk et al., 2019, https://arxiv.org/abs/1805.09501
    """

    def __init__(
        self,
        search,
        layer,
        reward="val_accuracy",
        *,
        every=1,
        mode="max",
        restart=True,
        trials=None,
        path="policy_search.json",
    ):
        super().__init__()
        for name, value, method in (("search", search, "ask"), ("layer", layer, "assign")):
            if not hasattr(value, method):
                raise ValueError(f"`{name}` must have `{method}`. Received: {name}={value!r}")
        if layer.space != search.space:
            raise ValueError(
                f"`layer` must have the space of the search, {search.space}. "
                f"Received: layer.space={layer.space}"
            )
        if not isinstance(reward, str):
            raise ValueError(f"`reward` must be a metric's name. Received: reward={reward!r}")
        self.search = search
        self.layer = layer
        self.reward = reward
        self.every = positive_integer("every", every)
        self.mode = one_of("mode", mode, MODES)
        self.restart = boolean("restart", restart)
        self.trials = trials if trials is None else positive_integer("trials", trials)
        self.path = pathlib.Path(path)

    def on_train_begin(self, logs=None):
        if self.path.is_file() and not self.search.trials:
            self.search.load(self.path)
        self._candidate = None
        self._snapshots = WeightSnapshots(self.model, f"{self.path}.weights")
        self._stop_if_done()

    def on_epoch_begin(self, epoch, logs=None):
        if self._candidate is None:
            self._begin()

    def on_epoch_end(self, epoch, logs=None):
        if self.reward not in (logs or {}):
            raise ValueError(
                f"`reward` must be one of what is logged: {', '.join(sorted(logs or {}))}. "
                f"Received: reward={self.reward!r}"
            )
        self._epochs += 1
        if self._epochs == self.every:
            self._end(logs[self.reward])

    def _begin(self):
        (self._candidate,) = self.search.ask()
        self._epochs = 0
        if self.restart:  # before the policy is assigned, which may be part of the model
            self._snapshots.put_back(self._candidate.parent)
        elif self._candidate.parent is not None:
            raise ValueError(
                "`restart` must be True for a search that goes on with weights of its choice. "
                "Received: restart=False"
            )
        self.layer.assign(self._candidate)

    def _end(self, reward):
        candidate, self._candidate = self._candidate, None
        try:
            self.search.tell(candidate, reward if self.mode == "max" else -reward)
        finally:
            # In this order, for no state to ask for weights that are not there.
            if candidate.number in self.search.kept:
                self._snapshots.take(candidate.number)
            self.search.save(self.path)
            self._snapshots.keep_only(self.search.kept)
        self._stop_if_done()

    def _stop_if_done(self):
        if self.trials is not None and len(self.search.told) >= self.trials:
            self.model.stop_training = True
