"""What the blocks share that add a branch to what comes in."""

import keras

from kerasbook.layers.arguments import positive_integer, rate_below_one
from kerasbook.layers.block.squeeze_excite import SqueezeExcite
from kerasbook.layers.composite import Block, copy_of
from kerasbook.layers.regularization.drop_path import DropPath


class Residual(Block):
    """Base of `ResidualBlock` and `InvertedResidualBlock`: gates and dropped branches.

    Args:
        squeeze_excite: `None`, the reduction ratio of a `SqueezeExcite`, or a layer that keeps
            its inputs' shape, such as `EfficientChannelAttention`, of which the block takes a
            copy.
        drop_path_rate: Probability that `DropPath` drops the branch of a sample, in `[0, 1)`.
        seed: Integer seed of all that is random; `None` draws a fresh one.
        zero_init_last: Whether the branch begins as zero: by the scale of its last
            normalization, or where that is followed by a convolution by its kernel.
        **kwargs: Passed to `Block`.
    """

    def __init__(
        self,
        *,
        squeeze_excite=None,
        drop_path_rate=0.0,
        seed=None,
        zero_init_last=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if isinstance(squeeze_excite, dict):
            squeeze_excite = keras.saving.deserialize_keras_object(squeeze_excite)
        if squeeze_excite is not None and not isinstance(squeeze_excite, keras.layers.Layer):
            positive_integer("squeeze_excite", squeeze_excite)
        self.squeeze_excite = squeeze_excite
        self.drop_path_rate = rate_below_one("drop_path_rate", drop_path_rate)
        self.seed = seed
        self.zero_init_last = zero_init_last

    def gates(self):
        """Returns a list of the layer that `squeeze_excite` asks for, if any."""
        if self.squeeze_excite is None:
            return []
        options = {"data_format": self.data_format, "dtype": self.dtype_policy}
        if isinstance(self.squeeze_excite, int):
            return [SqueezeExcite(self.squeeze_excite, **options)]
        if "data_format" not in self.squeeze_excite.get_config():
            del options["data_format"]
        return [copy_of(self.squeeze_excite, **options)]

    def drop_paths(self):
        """Returns a list of a `DropPath`, if there is anything to drop."""
        if self.drop_path_rate == 0:
            return []
        return [DropPath(self.drop_path_rate, seed=self.seed, dtype=self.dtype_policy)]

    def get_config(self):
        squeeze_excite = self.squeeze_excite
        if isinstance(squeeze_excite, keras.layers.Layer):
            squeeze_excite = keras.saving.serialize_keras_object(squeeze_excite)
        return {
            **super().get_config(),
            "squeeze_excite": squeeze_excite,
            "drop_path_rate": self.drop_path_rate,
            "seed": self.seed,
            "zero_init_last": self.zero_init_last,
        }
