"""Operations on colours: hue, gamma, and what is added to dark values.

uint8 images come out as from torchvision's functions, which truncate `255.999 x`.
"""

import numpy as np
from keras import ops

from kerasbook.augmentation.operations.values import is_whole, looked_up, stored

# Truncated after this, a value of [0, 255] is itself.
_JUST_BELOW = 255.999 / 255


def hue(image, parameters, scene):
    """Red, green and blue turned about grey by an angle in degrees: the hue of HSV moves.

    An image of another number of channels stays.
    """
    if image.shape[-1] != 3:
        return image
    red, green, blue = (ops.cast(image[..., c], "float32") for c in range(3))
    most = ops.maximum(ops.maximum(red, green), blue)
    spread = most - ops.minimum(ops.minimum(red, green), blue)
    divisor = ops.where(spread == 0, 1, spread)
    angle = ops.where(
        most == red,
        (green - blue) / divisor,
        ops.where(most == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    angle = angle + (parameters[0] / 60 + 12)
    planes = []
    for start in (5, 3, 1):
        place = angle + start
        place = place - 6 * ops.floor(place / 6)
        planes.append(most - spread * ops.clip(ops.minimum(place, 4 - place), 0, 1))
    turned = ops.stack(planes, axis=-1)
    turned = stored(turned * _JUST_BELOW if is_whole(image) else turned, image)
    return ops.where(parameters[0] == 0, image, turned)


def gamma(image, parameters, scene):
    """`255 (x / 255)^gamma`."""
    if is_whole(image):
        values = ops.convert_to_tensor(np.arange(256, dtype="float32") / 255)
        table = ops.trunc(255.999 * ops.power(values, parameters[0]))
        return looked_up(ops.tile(table[:, None], (1, image.shape[-1])), image)
    changed = 255 * ops.power(image / 255, parameters[0])
    return ops.where(parameters[0] == 1, image, ops.clip(changed, 0, 255))


def solarize_add(image, parameters, scene):
    """What is below 128 made lighter by a number."""
    lighter = stored(ops.cast(image, "float32") + parameters[0], image)
    return ops.where(image < 128, lighter, image)
