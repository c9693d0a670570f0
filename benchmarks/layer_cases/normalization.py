"""Train steps of the normalization layers beside their rivals."""

import keras
from layer_step import Case

from kerasbook import layers

LARGE = (32, 48, 48, 96)

CASES = [
    Case(
        "GroupNormalization(32)",
        lambda: layers.GroupNormalization(32),
        {
            "Keras": lambda: keras.layers.GroupNormalization(32),
            "torch": lambda torch: torch.nn.GroupNorm(32, 96, eps=1e-3),
        },
        shape=LARGE,
        pairs=31,
    ),
    Case(
        "InstanceNormalization()",
        layers.InstanceNormalization,
        {
            "Keras": lambda: keras.layers.GroupNormalization(-1),
            "torch": lambda torch: torch.nn.InstanceNorm2d(96, eps=1e-3, affine=True),
        },
        shape=LARGE,
        pairs=31,
    ),
]
