"""The search for an augmentation policy within anybody's `model.fit`."""

import os
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
    last trial: train a new one with `search.found()` (for a population with
    `epochs_per_generation=every`).

    A trial that was cut short begins anew. Other callbacks know nothing of trials: those that stop,
    or change the learning rate, do so across them. Batches that were augmented before a trial began
    count for it all the same, so no `cache`, and with `steps_per_epoch` no `prefetch` or `shuffle`,
    may follow the layer in a pipeline. A layer that is no part of either is searched in vain.

    Args:
        search: One of `kerasbook.augmentation.search`, e.g. `ReinforceController()`.
        layer: The `CandidatePolicy` in the model or in its input pipeline, of the same space.
        reward: Name of the metric in the logs of `fit`.
        every: Epochs of a trial.
        mode: `"max"` where the greatest reward is the best, `"min"` where the least is; then the
            search is told its negative.
        restart: Whether trials begin with the initial weights. Otherwise each goes on with what the
            one before left, and later ones gain by it, whatever their policy; then the search
            must be none that says itself whose weights to go on with.
        trials: Number of trials, those of earlier trainings among them, after which training
            stops; `None` goes on to the last epoch.
        path: File of the state. The first weights, and those that later candidates may go on
            with, lie in a folder of this name with `.weights` after it. Another search, model or
            dataset needs another file.

    Raises:
        ValueError: If an argument is out of its range, the model is not built (and trials restart),
            the file holds the state of another search or none (it stays as it is), or the logs do
            not have the reward (the message lists those they have).
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
            if isinstance(value, type) or not all(hasattr(value, n) for n in (method, "space")):
                raise ValueError(
                    f"`{name}` must have a `space` and `{method}`. Received: {name}={value!r}"
                )
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
        if not isinstance(path, (str, os.PathLike)) or pathlib.Path(path).is_dir():
            raise ValueError(f"`path` must be that of a file. Received: path={path!r}")
        self.path = pathlib.Path(path)

    def on_train_begin(self, logs=None):
        goes_on = self.path.is_file()
        if goes_on and self.search.trials:
            self.search.require_own(self.path)
        elif goes_on:
            self.search.load(self.path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._candidate = self._snapshots = None
        if self.restart:
            folder = f"{self.path}.weights"
            self._snapshots = WeightSnapshots(self.model, folder, goes_on=goes_on)
        self._stop_if_done()

    def on_epoch_begin(self, epoch, logs=None):
        # Keras looks at `stop_training` after the first batch of an epoch only.
        if self._candidate is None and not self._is_done:
            self._begin()

    def on_epoch_end(self, epoch, logs=None):
        if self._candidate is None:
            return
        self._epochs += 1
        is_last = self._epochs == self.every
        self._require_logged(logs or {}, is_last)
        if is_last:
            self._end(logs[self.reward])

    @property
    def _is_done(self):
        return self.trials is not None and len(self.search.told) >= self.trials

    def _require_logged(self, logs, is_last):
        """Raises as soon as it is known that the reward is not logged when a trial ends."""
        # With `validation_freq` there are epochs without any result of a validation.
        may_come = self.reward.startswith("val_") and not any(n.startswith("val_") for n in logs)
        if self.reward not in logs and (is_last or not may_come):
            raise ValueError(
                f"`reward` must be one of what is logged: {', '.join(sorted(logs))}. "
                f"Received: reward={self.reward!r}"
            )

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
            self.search.tell(candidate, reward if self.mode == "max" else _negative(reward))
        finally:
            # In this order, for no state to ask for weights that are not there.
            if self.restart and candidate.number in self.search.kept:
                self._snapshots.take(candidate.number)
            self.search.save(self.path)
            if self.restart:
                self._snapshots.keep_only(self.search.kept)
        self._stop_if_done()

    def _stop_if_done(self):
        if self._is_done:
            self.model.stop_training = True


def _negative(reward):
    """Returns minus a number; what is none stays as it is, for the search to refuse it."""
    try:
        return -reward
    except TypeError:
        return reward
