"""The starting values that let deep residual networks train without normalization."""

import keras

from kerasbook.arguments import positive_integer


@keras.saving.register_keras_serializable(package="kerasbook")
class FixupHe(keras.initializers.VarianceScaling):
    """He's initializer, made smaller for the inner layers of many residual branches.

    `w ~ N(0, 2 / fan_in) * L^(-1 / (2 m - 2))` with `L` branches of `m` layers each, the normal
    distribution truncated at two standard deviations as in `keras.initializers.HeNormal`. One
    step of gradient descent then changes the network's output by an amount that does not depend
    on its depth.

    It is one part of the recipe, for all layers of a branch but the last. The others: the last
    layer of each branch and the classifier start at zero (`"zeros"`), all else as usual; one
    scalar bias stands before each convolution, dense layer and activation, and one scalar
    factor, which starts at 1, in each branch. `kerasbook.layers.FixupResidualBlock` is a branch
    with all of it.

    Args:
        num_blocks: Number of residual branches in the whole network, 1 or more.
        layers_per_branch: Number of layers with a kernel in one branch, 2 or more.
        seed: Integer or `keras.random.SeedGenerator`; `None` draws a fresh one. One integer
            gives the same values again.

    Raises:
        ValueError: If `num_blocks` or `layers_per_branch` is out of range.

    Example:
        >>> initializer = kerasbook.initializers.FixupHe(16, layers_per_branch=2, seed=0)
        >>> layer = kerasbook.layers.Conv2D(8, 3, kernel_initializer=initializer)

    Reference:
        Zhang, Dauphin and Ma, 2019, section 3, https://arxiv.org/abs/1901.09321. The authors'
        code takes the fan-out in place of the fan-in, and does not truncate.
    """

    def __init__(self, num_blocks, layers_per_branch=2, *, seed=None):
        positive_integer("num_blocks", num_blocks)
        if positive_integer("layers_per_branch", layers_per_branch) < 2:
            raise ValueError(
                "`layers_per_branch` must be 2 or more: the last layer starts at zero. "
                f"Received: layers_per_branch={layers_per_branch}"
            )
        scale = 2.0 * num_blocks ** (-1 / (layers_per_branch - 1))
        super().__init__(scale, mode="fan_in", distribution="truncated_normal", seed=seed)
        self.num_blocks = num_blocks
        self.layers_per_branch = layers_per_branch

    def get_config(self):
        return {
            "num_blocks": self.num_blocks,
            "layers_per_branch": self.layers_per_branch,
            "seed": super().get_config()["seed"],
        }
