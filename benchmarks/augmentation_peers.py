"""Rivals that augment one image after another, on a process of one thread for each core.

Each process holds its images in memory, in the form that the rival takes, and throws the results
away: nothing is decoded, collated or sent back. All of them draw RandAugment's two operations at
level 9 of 10, or a published AutoAugment policy, and warp by the nearest pixel. Started by
`augmentation.py`; nothing here imports TensorFlow.
"""

import importlib.util
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import time

POLICIES = {32: "cifar10", 224: "imagenet"}  # of AutoAugment, by the side of the images in pixels
AUGMENTATIONS = ("RandAugment", "AutoAugment")
MODULES = ("torch", "torchvision", "timm", "albumentations")
ENHANCEMENTS = {"Color": "saturation", "Contrast": "contrast", "Brightness": "brightness"}


class Workers:
    """Processes, one for each core, that augment when they are told to."""

    def __init__(self, folder):
        command = [sys.executable, __file__, str(folder)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "NO_ALBUMENTATIONS_UPDATE": "1"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._processes = [
            subprocess.Popen([*command, str(number)], env=environment, **pipes)
            for number in range(len(os.sched_getaffinity(0)))
        ]
        self.rivals = [tuple(rival) for rival in self._answers()[0]]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.stdin.close()
            process.wait()

    def rate(self, rival, count):
        """Returns images per second of all processes together, of `count` images each.

        Args:
            rival: One of `rivals`, a tuple (side of the images, augmentation, name).
            count: Images for each process.
        """
        start = time.perf_counter()
        for process in self._processes:
            print(json.dumps([*rival, count]), file=process.stdin, flush=True)
        self._answers()
        return len(self._processes) * count / (time.perf_counter() - start)

    def _answers(self):
        return [json.loads(process.stdout.readline()) for process in self._processes]


def installed(module):
    return importlib.util.find_spec(module) is not None


def import_torchvision():
    """Imports torchvision, also where its compiled operators do not fit torch's CPU build."""
    import torch

    torch.set_num_threads(1)
    try:
        import torchvision
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision

        torchvision.schemas = library  # they go when it does
    return torchvision


def torchvision_rivals(policy):
    import torch
    from PIL import Image
    from torchvision.transforms import v2

    made = {
        "RandAugment": v2.RandAugment(num_ops=2, magnitude=9, num_magnitude_bins=11),
        "AutoAugment": v2.AutoAugment(v2.AutoAugmentPolicy(policy)),
    }
    yield "torchvision, Pillow", Image.fromarray, made
    yield "torchvision, tensors", lambda image: torch.tensor(image).permute(2, 0, 1), made


def timm_rivals(policy):
    from PIL import Image
    from timm.data.auto_augment import auto_augment_transform, rand_augment_transform

    options = {"interpolation": Image.Resampling.NEAREST}
    made = {"RandAugment": rand_augment_transform("rand-m9-n2-p1", dict(options))}
    if policy == "imagenet":  # the only one of the two that it has
        made["AutoAugment"] = auto_augment_transform("original", dict(options))
    yield "timm", Image.fromarray, made


def albumentations_rivals(policy):
    """Yields compositions of Albumentations' own transforms: it has neither of the two itself."""
    import albumentations
    import cv2
    from torchvision.transforms import AutoAugment, AutoAugmentPolicy

    cv2.setNumThreads(1)
    names = ["Identity", "AutoContrast", "Equalize", "Rotate", "Posterize", "Solarize", "Color"]
    names += ["Contrast", "Brightness", "Sharpness", "ShearX", "ShearY", "TranslateX", "TranslateY"]
    two = albumentations.SomeOf(
        [albumentations_operation(name, 1, 0.9) for name in names], n=2, replace=True
    )
    pairs = [
        albumentations.Sequential(
            [albumentations_operation(name, rate, (level or 0) / 9) for name, rate, level in pair],
            p=1,
        )
        for pair in AutoAugment(AutoAugmentPolicy(policy)).policies
    ]
    made = {"RandAugment": two, "AutoAugment": albumentations.OneOf(pairs, p=1)}
    composed = {name: albumentations.Compose([transform]) for name, transform in made.items()}
    yield (
        "Albumentations",
        lambda image: image,
        {
            name: lambda image, transform=transform: transform(image=image)["image"]
            for name, transform in composed.items()
        },
    )


def albumentations_operation(name, rate, strength):
    """Returns the transform nearest to an operation of AutoAugment.

    Args:
        name: The operation's name.
        rate: Probability of applying it.
        strength: The level as a fraction of the highest, in [0, 1].
    """
    import albumentations
    import cv2

    change = {"brightness": (1, 1), "contrast": (1, 1), "saturation": (1, 1), "hue": (0, 0)}
    if name in ENHANCEMENTS:
        change[ENHANCEMENTS[name]] = (1 - 0.9 * strength, 1 + 0.9 * strength)
    shear = math.degrees(math.atan(0.3 * strength))
    shift = 150 / 331 * strength
    warp = {"interpolation": cv2.INTER_NEAREST}
    transform, options = {
        "Identity": ("NoOp", {}),
        "AutoContrast": ("AutoContrast", {"method": "pil"}),
        "Equalize": ("Equalize", {}),
        "Invert": ("InvertImg", {}),
        "Posterize": ("Posterize", {"num_bits": 8 - round(4 * strength)}),
        "Solarize": ("Solarize", {"threshold_range": (1 - strength, 1 - strength)}),
        "Color": ("ColorJitter", change),
        "Contrast": ("ColorJitter", change),
        "Brightness": ("ColorJitter", change),
        "Sharpness": ("Sharpen", {"alpha": (0.9 * strength,) * 2, "lightness": (1, 1)}),
        "Rotate": ("Rotate", {"limit": 30 * strength, **warp}),
        "ShearX": ("Affine", {"shear": {"x": (-shear, shear), "y": 0}, **warp}),
        # Version 2.0.8 leaves the image as it is where this angle is negative.
        "ShearY": ("Affine", {"shear": {"x": 0, "y": (shear, shear)}, **warp}),
        "TranslateX": ("Affine", {"translate_percent": {"x": (-shift, shift), "y": 0}, **warp}),
        "TranslateY": ("Affine", {"translate_percent": {"x": 0, "y": (-shift, shift)}, **warp}),
    }[name]
    return getattr(albumentations, transform)(**options, p=rate)


def rivals(policy):
    """Yields (name, function from an array to what it takes, its augmentations by name)."""
    if not (installed("torch") and installed("torchvision")):
        return  # timm needs both, and Albumentations' policy comes from them
    import_torchvision()
    yield from torchvision_rivals(policy)
    if installed("timm"):
        yield from timm_rivals(policy)
    if installed("albumentations"):
        yield from albumentations_rivals(policy)


def main(folder, number):
    import numpy as np

    random.seed(number)
    np.random.seed(number)  # noqa: NPY002
    found = {}
    for side, policy in POLICIES.items():
        arrays = np.load(pathlib.Path(folder) / f"{side}.npy")
        for name, take, made in rivals(policy):
            images = [take(array) for array in arrays]
            for augmentation, function in made.items():
                found[side, augmentation, name] = function, images
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(number)
    print(json.dumps(list(found)), flush=True)
    for line in sys.stdin:
        *rival, count = json.loads(line)
        function, images = found[tuple(rival)]
        for place in range(count):
            function(images[place % len(images)])
        print(count, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
