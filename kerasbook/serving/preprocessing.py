"""From pixels to what a model takes: one description for training and for serving.

The input pipeline and the exported graph use the same functions, so that a model is served the
numbers that it was trained on.
"""

import dataclasses
import math
from typing import Any

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """Resizes images of 8 bits a channel and scales them: `(pixel / 255 - mean) / std`.

    Attributes:
        height: Height of the model's input, pixels.
        width: Width of the model's input, pixels.
        channels: 1 for grey, 3 for colour.
        mean: Subtracted after division by 255, one value or one per channel.
        std: Divisor after that, one value or one per channel, above 0.
    """

    height: int
    width: int
    channels: int
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        for field in ("height", "width"):
            value = getattr(self, field)
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"`{field}` must be a positive integer. Received: {field}={value!r}"
                )
        if self.channels not in (1, 3):
            raise ValueError(f"`channels` must be 1 or 3. Received: channels={self.channels!r}")
        for field in ("mean", "std"):
            values = tuple(float(v) for v in getattr(self, field))
            object.__setattr__(self, field, values)
            if len(values) not in (1, self.channels):
                raise ValueError(
                    f"`{field}` must hold one value, or one per channel. "
                    f"Received: {field}={values} for {self.channels} channels"
                )
            if not all(map(math.isfinite, values)):
                raise ValueError(f"`{field}` must be finite. Received: {field}={values}")
        if min(self.std) <= 0:
            raise ValueError(f"`std` must be above 0. Received: std={self.std}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of one image, `(height, width, channels)`."""
        return self.height, self.width, self.channels

    def to_json(self) -> dict[str, Any]:
        """Returns the fields as plain JSON values."""
        return {**dataclasses.asdict(self), "mean": list(self.mean), "std": list(self.std)}

    def decode(self, file: tf.Tensor) -> tf.Tensor:
        """Decodes one JPEG, PNG, GIF or BMP file, a scalar string, to pixels of our shape.

        Colour becomes grey, or grey colour, as the model needs; transparency is ignored.
        """
        pixels = tf.io.decode_image(file, channels=3, expand_animations=False)
        if self.channels == 1:
            pixels = tf.image.rgb_to_grayscale(pixels)
        return self.resize(pixels)

    def resize(self, pixels: tf.Tensor) -> tf.Tensor:
        """Resizes pixels `(..., h, w, channels)` to our size (bilinear, antialiased)."""
        if tuple(pixels.shape[-3:-1]) == (self.height, self.width):
            return tf.ensure_shape(pixels, (*pixels.shape[:-3], *self.shape))
        resized = tf.image.resize(pixels, (self.height, self.width), antialias=True)
        rounded = tf.saturate_cast(tf.round(resized), tf.uint8)
        return tf.ensure_shape(rounded, (*pixels.shape[:-3], *self.shape))

    def scale(self, pixels: tf.Tensor) -> tf.Tensor:
        """Scales pixels in [0, 255] to the model's range, float32."""
        gain = tf.constant([1 / (255 * s) for s in self.std], tf.float32)
        shift = tf.constant([m / s for m, s in zip(*self._per_channel(), strict=True)], tf.float32)
        return tf.cast(pixels, tf.float32) * gain - shift

    def _per_channel(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        count = max(len(self.mean), len(self.std))
        return (
            self.mean if len(self.mean) == count else self.mean * count,
            self.std if len(self.std) == count else self.std * count,
        )
