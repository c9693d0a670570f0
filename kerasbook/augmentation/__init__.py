"""Random changes of training images, found by name; drawn for each image from its own seed."""

import os

from kerasbook import registry
from kerasbook.augmentation.published import published_names
from kerasbook.lazy import attach
from kerasbook.registry import register

__getattr__, __dir__ = attach(
    __name__,
    {
        "Augmentation": "augmentation",
        "AugMix": "aug_mix",
        "AutoAugment": "auto_augment",
        "CenterCrop": "center_crop",
        "ImageAugmentation": "image_augmentation",
        "Operation": "operations",
        "RandAugment": "rand_augment",
        "RandomApply": "random_apply",
        "RandomChoice": "random_choice",
        "RandomCrop": "random_crop",
        "RandomOperation": "random_operation",
        "RandomOrder": "random_order",
        "RandomResizedCrop": "random_resized_crop",
        "RepeatedAugmentation": "repeated_augmentation",
        "ScheduledAutoAugment": "scheduled_auto_augment",
        "Sequence": "sequence",
        "ShiftFlip": "shift_flip",
        "TrivialAugmentWide": "trivial_augment_wide",
        "UniformAugment": "uniform_augment",
        "draws": None,
        "from_json": "policy_json",
        "get_operation": "operations",
        "list_operations": "operations",
        "register_operation": "operations",
        "search": None,
        "shift_flip": None,
        "to_json": "policy_json",
        "ColorJitter": "color_jitter",
        "CutMix": "cut_mix",
        "MixUp": "mix_up",
        "Mosaic": "mosaic",
        "SamplePairing": "sample_pairing",
        "Smote": "smote",
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


def _register_published(name):
    @register("policy", name)
    def make():
        from kerasbook.augmentation.auto_augment import AutoAugment

        return AutoAugment(name)


def _register_class(name, attribute):
    @register("policy", name)
    def make():
        import kerasbook.augmentation as room

        return getattr(room, attribute)()


for _name in published_names():
    _register_published(_name)
for _name, _attribute in {
    "aug_mix": "AugMix",
    "rand_augment": "RandAugment",
    "trivial_augment_wide": "TrivialAugmentWide",
    "uniform_augment": "UniformAugment",
}.items():
    _register_class(_name, _attribute)


def list_policies(pattern="*"):
    """Returns the sorted names of the library's and the plug-ins' policies."""
    return registry.names("policy", pattern)


def get_policy(policy):
    """Returns a policy by its name, from its JSON, or as it is; `None` for `"none"`.

    `"shift"` moves each image by up to 1/14 of its side (2 of 28 pixels); `"shift_and_flip"`
    by up to 1/8 (4 of 32 pixels), and mirrors every second one. `"cifar10"`, `"imagenet"`,
    `"svhn"`, also after `"reduced_"`, and `"detection_v0"` are published policies of AutoAugment;
    `"aug_mix"`, `"rand_augment"`, `"trivial_augment_wide"` and `"uniform_augment"` the layers
    of these names with their defaults.

    Args:
        policy: A name, the path of a JSON file (it ends in `.json`), a dictionary of
            `to_json`, or an `Augmentation`.

    Raises:
        ValueError: If there is no such policy (the message lists the nearest names), or its
            JSON is wrong.
    """
    if isinstance(policy, dict) or (
        isinstance(policy, (str, os.PathLike)) and str(policy).endswith(".json")
    ):
        from kerasbook.augmentation.policy_json import from_json

        return from_json(policy)
    if isinstance(policy, str):
        return registry.get("policy", policy, argument="augmentation")()
    return policy
