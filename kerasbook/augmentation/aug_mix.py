"""AugMix: a blend of the image with several short chains of operations on it."""

import keras
from keras import ops

from kerasbook.augmentation.arguments import level_of
from kerasbook.augmentation.image_augmentation import ImageAugmentation
from kerasbook.augmentation.levels import magnitude_of, operations_of, ranges_of, rate_of
from kerasbook.augmentation.operations.values import is_whole
from kerasbook.augmentation.places import PLACES, has_places
from kerasbook.augmentation.program import Steps
from kerasbook.augmentation.quantiles import beta_quantile, dirichlet_quantiles
from kerasbook.layers.arguments import number_of, positive_integer

# Without those whose effects are among the corruptions of ImageNet-C.
OPERATIONS = (
    *("auto_contrast", "equalize", "posterize", "rotate", "solarize"),
    *("shear_x", "shear_y", "translate_x", "translate_y"),
)
LEAST_LEVEL = 0.1


@keras.saving.register_keras_serializable(package="kerasbook")
class AugMix(ImageAugmentation):
    """Blends each image with several copies of it, each changed by a short chain of operations.

    `y = m x + (1 - m) * sum_k w_k chain_k(x)`, with `w ~ Dirichlet(alpha, ..., alpha)` and
    `m ~ Beta(alpha, alpha)` drawn for each image, and each chain 1 to `depth` operations of
    the list, drawn with equal chance at levels uniform in [0.1, `level`].

    Args:
        num_chains: Chains of each image, a positive integer.
        depth: Greatest number of operations in a chain, a positive integer; the number is
            drawn with equal chance from 1 to it.
        level: Greatest level of the operations, in [0, 10].
        alpha: Parameter of the Dirichlet and the beta distribution, above 0.
        operations: Names of the operations; `None` is the paper's, which leave out those that
            resemble the corruptions of ImageNet-C.
        ranges: As in `RandAugment`.
        **kwargs: As in `RandAugment`: `value_range`, `fill_value`, `seed` and so on.

    Call arguments:
        inputs: Images as in `RandAugment`. Bounding boxes, masks and keypoints raise a
            `ValueError`, as a blend shows each thing in several places.
        training: Whether to augment. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes; uint8 rounded to the nearest.

    Raises:
        ValueError: As in `RandAugment`.

    Example:
        >>> images = np.zeros((2, 32, 48, 3), "uint8")
        >>> augment = kerasbook.augmentation.AugMix()
        >>> tuple(augment(images, training=True).shape)
        (2, 32, 48, 3)

    Reference:
        Hendrycks et al., 2020, https://arxiv.org/abs/1912.02781. The consistency loss of
        section 3 is the training's business: it compares predictions of several calls.
    """

    is_planned = False  # one plan cannot hold a blend

    def __init__(
        self, num_chains=3, depth=3, *, level=3, alpha=1.0, operations=None, ranges=None, **kwargs
    ):
        super().__init__(**kwargs)
        self.num_chains = positive_integer("num_chains", num_chains)
        self.depth = positive_integer("depth", depth)
        self.level = level_of(level)
        self.alpha = number_of("alpha", alpha, "above 0", lambda v: v > 0)
        self.operations = operations_of(OPERATIONS if operations is None else operations)
        self.ranges = ranges_of(ranges)

    @property
    def num_steps(self):
        return self.depth

    @property
    def num_draws(self):
        per_chain = 1 + self.depth * (3 + self.num_chances)
        return 1 + self.num_chains * (1 + per_chain)

    def plan(self, drawn, state):
        """Plans one chain: draws of it alone, the number of its operations first."""
        (strength,) = state
        length = 1 + ops.cast(drawn[:, :1] * self.depth, "int32")
        drawn = ops.reshape(drawn[:, 1:], (-1, self.depth, 3 + self.num_chances))
        which = ops.cast(drawn[..., 0] * len(self.operations), "int32")
        level = min(LEAST_LEVEL, self.level)
        level = strength * (level + (self.level - level) * drawn[..., 2])
        magnitude = magnitude_of(which, level / 10, drawn[..., 1], self.operations, self.ranges)
        # The number of a level serves as the coin of operations that have none.
        taken = drawn[..., 2] < rate_of(which, 1.0, strength, self.operations)
        taken = ops.logical_and(taken, ops.arange(self.depth) < length)
        which = ops.where(taken, which, len(self.operations))
        return Steps(which, magnitude, drawn[..., 3:])

    def transform(self, batch, drawn):
        if has_places(batch):
            raise ValueError(
                f"`inputs` must have none of {PLACES}: `AugMix` shows each thing in several "
                f"places. Received: keys {sorted(batch)}"
            )
        return super().transform(batch, drawn)

    def _run(self, images, drawn, state):
        count, chains = ops.shape(images)[0], self.num_chains
        share = beta_quantile(drawn[:, 0], self.alpha, self.alpha)
        weights = dirichlet_quantiles(drawn[:, 1 : 1 + chains], self.alpha)
        steps = self.plan(ops.reshape(drawn[:, 1 + chains :], (count * chains, -1)), state)
        changed = self._carried_out(ops.repeat(images, chains, axis=0), steps)
        # Rows of a whole image compile to fast loops.
        wide = ops.cast(ops.reshape(changed, (count, chains, -1)), "float32")
        blend = ops.sum(weights[..., None] * wide, axis=1)
        own = ops.cast(ops.reshape(images, (count, -1)), "float32")
        mixed = share[:, None] * own + (1 - share[:, None]) * blend
        mixed = ops.floor(mixed + 0.5) if is_whole(images) else mixed
        return ops.cast(ops.reshape(mixed, ops.shape(images)), images.dtype)

    def get_config(self):
        names = ("num_chains", "depth", "level", "alpha", "ranges")
        config = {**super().get_config(), "operations": list(self.operations)}
        return {**config, **{name: getattr(self, name) for name in names}}
