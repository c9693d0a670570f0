"""Random changes of training images, found by name; drawn for each image from its own seed."""

from kerasbook import registry
from kerasbook.lazy import attach
from kerasbook.registry import register

__getattr__, __dir__ = attach(
    __name__,
    {
        "CutMix": "cut_mix",
        "MixUp": "mix_up",
        "Mosaic": "mosaic",
        "SamplePairing": "sample_pairing",
        "ShiftFlip": "shift_flip",
        "Smote": "smote",
        "draws": None,
        "shift_flip": None,
    },
)


@register("policy", "none")
def _none():
    return None


@register("policy", "shift")
def _shift():
    from kerasbook.augmentation.shift_flip import ShiftFlip

    return ShiftFlip(fraction=1 / 14)


@register("policy", "shift_and_flip")
def _shift_and_flip():
    from kerasbook.augmentation.shift_flip import ShiftFlip

    return ShiftFlip(fraction=1 / 8, flip=True)


def list_policies(pattern="*"):
    """Returns the sorted names of the library's and the plug-ins' policies."""
    return registry.names("policy", pattern)


def get_policy(name):
    """Returns a policy by its name, or `None` for `"none"`.

    `"shift"` moves each image by up to 1/14 of its side (2 of 28 pixels); `"shift_and_flip"`
    by up to 1/8 (4 of 32 pixels), and mirrors every second one.

    Raises:
        ValueError: If there is no such policy; the message lists the nearest names.
    """
    return registry.get("policy", name, argument="augmentation")()
