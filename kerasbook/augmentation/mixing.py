"""The base of augmentations that make one image of several images of the batch."""

import keras
from keras import ops

from kerasbook.augmentation.arguments import probability
from kerasbook.augmentation.augmentation import Augmentation
from kerasbook.augmentation.features import KEYS
from kerasbook.ops import compiled, rows_at


class Mixing(Augmentation):
    """Base of the augmentations that mix each image of a batch with others of the same batch.

    The draws put the images in an order; the partner of each image is the one that follows it
    there, and of the last the first. So partners are a permutation of the batch, and in a batch
    of more than `num_partners` images none is mixed with itself. Each has its own draws.

    A subclass says which features it mixes (`mixed_features`) and which stay right as they are
    (`kept_features`), how many numbers it draws for itself (`num_own_draws`), and what it does
    with them (`mix`).

    Args:
        rate: Probability that an image is mixed, in [0, 1].
        seed: As in `Augmentation`.
    """

    needs_batch = True
    mixes_samples = True
    mixes_labels = True
    num_partners = 1
    num_own_draws = 0
    mixed_features = ("images", "labels")
    kept_features = ()

    def __init__(self, *, rate=1.0, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.rate = probability("rate", rate)
        self._compiled = (compiled(self._run),)  # in a tuple, which Keras does not track

    @property
    def num_draws(self):
        return 2 + self.num_own_draws

    def mix(self, batch, partners, is_mixed, drawn):
        """Mixes a batch as drawn.

        Args:
            batch: Dictionary of those of `mixed_features` that are there.
            partners: Places in the batch, integers `(batch, num_partners)`.
            is_mixed: Whether each image is to be mixed, booleans `(batch,)`.
            drawn: Float32 tensor `(batch, num_own_draws)` of numbers in [0, 1).

        Returns:
            Dictionary of the same keys.
        """
        raise NotImplementedError

    def transform(self, batch, drawn):
        self._check(batch)
        mixed = {key: value for key, value in batch.items() if key in self.mixed_features}
        (run,) = self._compiled
        return {**batch, **run(mixed, drawn, self.rate * self.strength)}

    def _run(self, batch, drawn, rate):
        order = ops.argsort(drawn[:, 0])
        place = ops.argsort(order)
        followers = [
            rows_at(order, (place + 1 + number) % ops.shape(order)[0])
            for number in range(self.num_partners)
        ]
        is_mixed = drawn[:, 1] < rate
        return self.mix(batch, ops.stack(followers, axis=1), is_mixed, drawn[:, 2:])

    def _check(self, features):
        """Raises a `ValueError` for what cannot be mixed."""
        name = type(self).__name__
        possible = self.mixed_features + self.kept_features
        for key in KEYS:
            if key in features and key not in possible:
                raise ValueError(
                    f"`{name}` takes {', '.join(possible)} only. Received: {key!r} in `inputs`"
                )
        if "labels" in features and "labels" in self.mixed_features:
            require_soft_labels(features["labels"])

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}


def require_soft_labels(labels):
    """Raises a `ValueError` unless labels are floats `(batch, classes)`."""
    shape, dtype = tuple(labels.shape), keras.backend.standardize_dtype(labels.dtype)
    if len(shape) != 2 or not keras.backend.is_float_dtype(dtype):
        raise ValueError(
            "`labels` must be one-hot or soft, floats (batch, classes); `keras.ops.one_hot` makes "
            f"them of integers. Received: labels of shape {shape} and dtype {dtype}"
        )


def mixed_labels(labels, partners, shares):
    """Returns the sum of the labels of each image and its partners, by their shares.

    Args:
        labels: Floats `(batch, classes)`.
        partners: Places in the batch, integers `(batch, num_partners)`.
        shares: The image's share and its partners', float32 `(batch, 1 + num_partners)`.

    Returns:
        Tensor of the shape and dtype of `labels`.
    """
    wide = ops.cast(labels, keras.backend.result_type(labels.dtype, "float32"))
    shares = ops.cast(shares, wide.dtype)
    result = shares[:, :1] * wide
    for number in range(partners.shape[1]):
        # Not `[:, number + 1, None]`: TensorFlow's optimizer of graphs loses that axis of a stack.
        share = shares[:, number + 1 : number + 2]
        result = result + share * rows_at(wide, partners[:, number])
    return ops.cast(result, labels.dtype)


def blended_images(images, partners, shares):
    """Returns `share * image + (1 - share) * partner`, rounded to the nearest for uint8.

    Args:
        images: Tensor `(batch, height, width, channels)`, uint8 or floats.
        partners: Places in the batch, integers `(batch,)`.
        shares: The share of each image, float32 `(batch,)`.

    Returns:
        Tensor of the shape and dtype of `images`.
    """
    rows = ops.reshape(images, (ops.shape(images)[0], -1))  # long rows compile to fast loops
    is_whole = keras.backend.standardize_dtype(images.dtype) == "uint8"
    wide = keras.backend.result_type(images.dtype, "float32")
    own, other = ops.cast(rows, wide), ops.cast(rows_at(rows, partners), wide)
    share = ops.cast(shares, wide)[:, None]
    mixed = share * own + (1 - share) * other
    if is_whole:
        mixed = ops.floor(mixed + 0.5)
    return ops.reshape(ops.cast(mixed, images.dtype), ops.shape(images))
