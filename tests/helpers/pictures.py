"""Images and single operations, for the tests of augmentation."""

import re

import numpy as np
from keras import ops
from PIL import Image

from kerasbook.augmentation import program


def natural(rng, count=6, size=(23, 34), channels=3):
    """Returns smooth uint8 images with some noise that leave the ends of the range free."""
    height, width = size
    images = []
    for _ in range(count):
        coarse = rng.integers(0, 256, (height // 5 + 2, width // 5 + 2, channels)).astype("uint8")
        planes = [
            np.asarray(Image.fromarray(coarse[..., c]).resize((width, height), Image.BICUBIC))
            for c in range(channels)
        ]
        noise = rng.integers(-8, 9, (height, width, channels))
        images.append(np.clip(np.stack(planes, -1) + noise, 15, 240).astype("uint8"))
    return np.stack(images)


def carried_out(name, images, magnitudes=None, chances=None, fill_value=128, value_range=(0, 255)):
    """Returns images after one operation, each at its magnitude; NumPy in and out."""
    count = len(images)
    magnitudes = np.zeros(count) if magnitudes is None else np.broadcast_to(magnitudes, count)
    chances = np.zeros((count, 0)) if chances is None else np.asarray(chances)
    steps = program.Steps(
        ops.zeros((count, 1), "int32"),
        ops.convert_to_tensor(magnitudes[:, None].astype("float32")),
        ops.convert_to_tensor(chances[:, None].astype("float32")),
    )
    images = ops.convert_to_tensor(images)
    return ops.convert_to_numpy(program.run(images, steps, (name,), fill_value, value_range))


def each(function, images, *arguments):
    """Returns Pillow's result of a function for each image: `function(picture, *arguments[i])`."""
    results = []
    for image, *numbers in zip(images, *arguments, strict=True):
        grey = image.shape[-1] == 1
        picture = Image.fromarray(image[..., 0] if grey else image)
        result = np.asarray(function(picture, *map(float, numbers)))
        results.append(result[..., None] if grey else result)
    return np.stack(results)


def snake(title):
    """Returns the name of an operation that a table calls `title`, such as TranslateX."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", title).lower()
