"""What a candidate policy is worth: by training with it, or by what trained models make of it."""

import math

import numpy as np

from kerasbook.applications import load_model
from kerasbook.augmentation.search import DensityScore
from kerasbook.callbacks.weight_snapshots import WeightSnapshots
from kerasbook.training.assembly import build_model, pipelines_of
from kerasbook.training.cross_validation import first_of, fold_splits
from kerasbook.training.engine.divergence import Diverged
from kerasbook.training.engine.loop import Engine
from kerasbook.training.engine.settings import StepSettings
from kerasbook.training.engine.task import Classifier
from kerasbook.training.files import RunFolder
from kerasbook.training.subrun import train_once

HELD_OUT = 1000  # images of each fold on which density matching judges a policy


class TrainedTrials:
    """Trains a model under each candidate; the reward is the validation accuracy at the end.

    All trials see the images in the same order and have the same draws, those of the epochs that
    training has come to, so that they are compared on equal terms, and may be done in several
    sittings.

    Args:
        recipe: The `Recipe`; of its epochs a trial takes `epochs`.
        source: The data of the search: `data`, `splits` and `preprocessing`.
        search: The search.
        layer: Its `CandidatePolicy`.
        policy: What training images go through: the layer, or a policy of which it is a part.
        strategy: The tf.distribute strategy.
        epochs: Epochs of a trial.
        folder: `PolicyFolder`.
        callbacks: Keras callbacks of the training.
    """

    def __init__(
        self,
        recipe,
        source,
        search,
        layer,
        policy,
        *,
        strategy,
        epochs,
        folder,
        callbacks,
    ):
        data, preprocessing = source.data, source.preprocessing
        classes = len(data.class_names)
        training, validation = pipelines_of(
            recipe, source.splits, preprocessing, policy, strategy, classes
        )
        self._model = build_model(recipe, data, preprocessing, strategy, training.steps)
        self._engine = Engine(
            Classifier(self._model, recipe.label_smoothing),
            strategy,
            training,
            validation,
            None,
            settings=StepSettings.of_recipe(recipe),
            callbacks=callbacks,
            verbose=0,
        )
        self._snapshots = WeightSnapshots(self._model, folder.weights)
        self._search = search
        self._layer = layer
        self._epochs = epochs

    def __call__(self, candidate):
        """Returns the reward of a candidate; NaN if its training diverged."""
        self._snapshots.put_back(candidate.parent)
        self._layer.assign(candidate)
        position = self._engine.position
        position.epoch, position.step = self._search.age(candidate) * self._epochs, 0
        try:
            self._engine.fit(position.epoch + self._epochs)
        except Diverged:
            return math.nan
        return self._model.history.history["val_accuracy"][-1]

    def keep(self, candidate, kept):
        """Keeps what the candidate's training has left, if a later one may go on with it."""
        if candidate.number in kept:
            self._snapshots.take(candidate.number)

    def forget(self, kept):
        """Drops what no later candidate can ask for."""
        self._snapshots.keep_only(kept)


class MatchedTrials:
    """Judges each candidate by a model trained on another fold, which never saw a candidate.

    The training and validation examples together are divided into folds. For each a model is
    trained on the others by the recipe alone; a policy's reward is minus the loss of augmented
    copies of the fold, see `DensityScore`.

    Args:
        recipe: The `Recipe`.
        source: The data of the search: `data` and `preprocessing`.
        layer: The `CandidatePolicy`.
        policy: What held-out images go through: the layer, or a policy of which it is a part.
        folds: Number of folds.
        folder: `PolicyFolder`, below which the models' runs lie.
        max_examples: Only the first examples of the two splits, so many of each, are divided;
            `None` takes all.
        max_bad: As in `train`.
        **options: Further options of `train` for the models.
    """

    def __init__(
        self, recipe, source, layer, policy, *, folds, folder, max_examples, max_bad, **options
    ):
        preprocessing = source.preprocessing
        self._scores = []
        if max_examples is not None:
            names = ("train_split", "validation_split")
            first = {n: first_of(source.data, getattr(recipe, n), max_examples) for n in names}
            recipe = recipe.replace(**first)
        splits = fold_splits(source.data, recipe, folds)
        for number, (training, held_out) in enumerate(splits, 1):
            run = folder.path / f"fold-{number}"
            fold = recipe.replace(train_split=training, validation_split=held_out)
            train_once(fold, run, max_bad=max_bad, **options)
            examples = source.data.split(held_out, None, max_bad).dataset.take(HELD_OUT)
            resized = examples.map(lambda image, label: (preprocessing.resize(image), label))
            images, labels = zip(*resized.as_numpy_iterator(), strict=True)
            self._scores.append(
                DensityScore(
                    # Not the best epoch's, which the held-out images themselves have chosen.
                    load_model(RunFolder(run).last, compile=False),
                    layer,
                    augmentation=policy,
                    images=np.stack(images),
                    labels=np.array(labels),
                    scale=preprocessing.scale,
                    seed=recipe.seed,
                )
            )

    def __call__(self, candidate):
        """Returns the reward of a candidate."""
        return self._scores[candidate.fold](candidate)

    def keep(self, candidate, kept):
        """Nothing: candidates leave no weights."""

    def forget(self, kept):
        """Nothing: candidates leave no weights."""
