"""Whole-pixel shifts and mirror images: the augmentation of small recipes."""

import dataclasses

import tensorflow as tf

from kerasbook.augmentation import draws


@dataclasses.dataclass(frozen=True)
class ShiftFlip:
    """Moves each image by whole pixels, and may mirror it left to right.

    Rows and columns move independently by -n to n pixels, each as likely, with n the given
    fraction of the side, rounded down; what comes in is 0. This is the usual "pad by n and
    crop at random".

    Attributes:
        fraction: Greatest shift as a fraction of the side, in [0, 1).
        flip: Whether to mirror an image with probability 1/2.
    """

    fraction: float
    flip: bool = False

    def __post_init__(self):
        if not 0 <= self.fraction < 1:
            raise ValueError(f"`fraction` must be in [0, 1). Received: fraction={self.fraction}")

    def draw(self, seed, epoch, index):
        """Draws three numbers in [0, 1) for each example: `(batch, 3)`, see `draws.uniform`."""
        return draws.uniform(seed, epoch, index, 3)

    def apply(self, images, drawn):
        """Shifts and mirrors images `(batch, height, width, channels)` as drawn, same dtype."""
        height, width = tf.shape(images)[1], tf.shape(images)[2]
        down, right = (
            tf.floor(drawn[:, axis] * (2 * most + 1)) - most
            for axis, most in enumerate(
                tf.floor(tf.cast(size, tf.float32) * self.fraction) for size in (height, width)
            )
        )
        mirrored = tf.cast(self.flip & (drawn[:, 2] < 0.5), tf.float32)
        # Output column x comes from column x - right, counted from the other end if mirrored.
        sign = 1 - 2 * mirrored
        start = mirrored * tf.cast(width - 1, tf.float32) - sign * right
        zeros, ones = tf.zeros_like(down), tf.ones_like(down)
        matrix = tf.stack([sign, zeros, start, zeros, ones, -down, zeros, zeros], -1)
        return tf.raw_ops.ImageProjectiveTransformV3(
            images=images,
            transforms=matrix,
            output_shape=[height, width],
            fill_value=0.0,
            interpolation="NEAREST",
            fill_mode="CONSTANT",
        )
