"""The reward of density matching: how well a trained model knows augmented held-out images."""

import keras
import numpy as np

from kerasbook.arguments import natural_number, positive_integer
from kerasbook.augmentation.augmentation import Augmentation
from kerasbook.augmentation.search.candidate_policy import CandidatePolicy


class DensityScore:
    """Scores a policy by the loss of a trained model on augmented images it has not seen.

    With the cross-entropy `L(i, k)` of the `k`-th augmented copy of image `i` the score is
    `-mean_i min_k L(i, k)`, the greater the better: an image counts by that of its copies which
    the model knows best. Nothing is trained and, from the second policy on, nothing is traced.

    All policies get the same draws, which depend on `seed`, the copy and the place of the image
    alone, so that they are compared on equal terms. The score does not depend on `batch_size`,
    unless an operation mixes images of a batch.

    Args:
        model: Keras model that returns class probabilities `(batch, classes)`, trained without a
            policy on other images.
        layer: The `CandidatePolicy` that policies are assigned to.
        images: Held-out images `(count, height, width, channels)`, uint8 or floats in the
            layer's value range.
        labels: Their classes `(count,)`, integers.
        copies: How many augmented copies of each image are made.
        seed: Integer seed of the draws, at least 0.
        scale: Function from a batch of augmented images, a tensor of their dtype, to what the
            model takes; `None` hands them over as they are.
        augmentation: What carries out the policy where `layer` is a part of it, such as a
            `Sequence`; `None` is `layer` itself.
        batch_size: How many images are augmented and judged at once. The last batch is filled
            up with images from the beginning, whose losses are dropped.

    Call arguments:
        policy: A `Candidate`, or a list of sub-policies as in `AutoAugment`. The layer keeps it.

    Returns:
        The score, a float, at most 0. It is NaN if any loss is.

    Raises:
        ValueError: If an argument is not as described; in a call also if the policy is not of
            the layer's space, or the model does not return probabilities of all classes.

    Example:
        >>> import keras
        >>> search = kerasbook.augmentation.search
        >>> model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
        >>> model.add(keras.layers.Dense(4, "softmax", kernel_initializer="zeros"))
        >>> images, labels = np.zeros((6, 8, 8, 1), "uint8"), np.arange(6) % 4
        >>> layer = search.CandidatePolicy()
        >>> score = search.DensityScore(model, layer, images=images, labels=labels)
        >>> (candidate,) = search.RandomSearch().ask()
        >>> round(score(candidate), 4)  # -log 4: this model knows nothing
        -1.3863

    Reference:
        Lim et al., 2019, section 3, https://arxiv.org/abs/1905.00397. In the code published
        with it the minimum is taken over copies and images of a batch alike; here each image has
        its own, as the method means it.
    """

    def __init__(
        self,
        model,
        layer,
        *,
        images,
        labels,
        copies=5,
        seed=0,
        scale=None,
        augmentation=None,
        batch_size=256,
    ):
        if not isinstance(layer, CandidatePolicy):
            raise ValueError(f"`layer` must be a CandidatePolicy. Received: layer={layer!r}")
        self.model = model
        self.layer = layer
        self.images, self.labels = _checked(np.asarray(images), np.asarray(labels))
        self.copies = positive_integer("copies", copies)
        self.seed = natural_number("seed", seed)
        if scale is not None and not callable(scale):
            raise ValueError(f"`scale` must be a function or None. Received: scale={scale!r}")
        self.scale = scale
        self.augmentation = _containing(layer, augmentation)
        self.batch_size = positive_integer("batch_size", batch_size)

    def __call__(self, policy):
        self.layer.assign(policy)
        losses = [self._losses(copy) for copy in range(self.copies)]  # copies of (count,)
        return -float(np.mean(np.min(losses, axis=0)))

    def _losses(self, copy):
        """Returns the cross-entropy of one copy of each image."""
        count = len(self.images)
        generator = np.random.default_rng([self.seed, copy])
        drawn = generator.random((count, self.augmentation.num_draws), "float32")
        size = min(count, self.batch_size)
        losses = []
        for start in range(0, count, size):
            rows = np.arange(start, start + size) % count  # one shape for all: one trace
            found = self._probabilities(self.images[rows], drawn[rows])
            right = found[np.arange(size), self.labels[rows]]
            losses.append(-np.log(np.clip(right, keras.config.epsilon(), 1)))
        return np.concatenate(losses)[:count]

    def _probabilities(self, images, drawn):
        images = self.augmentation.apply(images, self.augmentation.dated(drawn, None))
        images = images if self.scale is None else self.scale(images)
        found = np.asarray(self.model.predict_on_batch(images), "float64")
        classes = int(self.labels.max()) + 1
        if found.ndim != 2 or found.shape[1] < classes:
            raise ValueError(
                f"`model` must return probabilities of {classes} classes at least, as `labels` "
                f"have them. Received: predictions of shape {found.shape}"
            )
        # What is not finite passes: the score shall be that of a failed trial.
        if np.any(found < 0) or np.any(np.abs(found.sum(axis=1) - 1) > 0.05):
            raise ValueError(
                "`model` must return class probabilities, which add up to 1. "
                f"Received: predictions from {found.min()} to {found.max()}"
            )
        return found


def _checked(images, labels):
    """Returns held-out images and their labels, after a look at them."""
    if images.ndim != 4 or not len(images):
        raise ValueError(
            "`images` must be (count, height, width, channels), one at least. "
            f"Received: images of shape {images.shape}"
        )
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu" or labels.min() < 0:
        raise ValueError(
            f"`labels` must be {len(images)} integers of at least 0, one for each image. "
            f"Received: labels of shape {labels.shape} and dtype {labels.dtype}"
        )
    return images, labels


def _containing(layer, augmentation):
    """Returns what carries out a layer's policy, after a look at it."""
    if augmentation is None:
        return layer
    known = isinstance(augmentation, Augmentation) and any(
        leaf is layer for leaf in augmentation.leaves()
    )
    if not known or augmentation.num_copies > 1 or augmentation.mixes_labels:
        raise ValueError(
            "`augmentation` must contain `layer`, and leave labels and the number of images as "
            f"they are. Received: augmentation={augmentation!r}"
        )
    return augmentation
