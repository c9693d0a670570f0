"""Test-time augmentation: a classifier's mean over several views of an image, in one pass."""

from typing import NamedTuple

import keras

from kerasbook.evaluation.probabilities import with_probabilities


class View(NamedTuple):
    """One view of an image: a crop of the model's size, perhaps mirrored.

    Attributes:
        vertical: Place of the crop, in [0, 1]: 0 at the top, 1 at the bottom.
        horizontal: 0 at the left, 1 at the right.
        flip: Whether the crop is mirrored left to right.
    """

    vertical: float = 0.5
    horizontal: float = 0.5
    flip: bool = False


_CENTER = [View()]
_FIVE = [View(0, 0), View(0, 1), View(1, 0), View(1, 1), *_CENTER]
# Lists of views by name.
VIEWS = {
    "center": _CENTER,
    "flip": [*_CENTER, View(flip=True)],
    "five_crop": _FIVE,
    "ten_crop": [*_FIVE, *(view._replace(flip=True) for view in _FIVE)],
}


def average_views(model, views="ten_crop", *, image_size=None, scales=(1.0,)):
    """Returns a model that gives the mean of a classifier's probabilities over views of an image.

    `p(x) = mean(model(view(x)) for view in views)`, where a view at `(vertical, horizontal)` is the
    crop of the model's size `(h, w)` whose corner is at row `round(vertical * (height - h))` and
    column `round(horizontal * (width - w))`, a half rounded to the even number. All views of a
    batch go through the model in one pass, as one larger batch: its memory grows with their number.
    Probabilities are averaged, not logits: of a classifier that ends in logits the softmax
    is taken first.

    Args:
        model: A functional or `keras.Sequential` classifier of images `(height, width, channels)`.
            One that takes images of any size, such as `dense_evaluation` returns, is given
            the whole image, which has no other place than the center.
        views: `"center"`; `"flip"`, the center and its mirror image; `"five_crop"`, the four
            corners and the center; `"ten_crop"`, these and their mirror images; or a list of
            `View`.
        image_size: `(height, width)` of the images in pixels, at least the model's own; `None` is
            the model's own, in which all crops are the same one.
        scales: Factors by which the image is resized (bilinear, antialiased) before the crops are
            taken, all views at each. The image must not become smaller than the model's.

    Returns:
        A functional `keras.Model` from images `(batch, *image_size, channels)` to float32
        probabilities `(batch, classes)`. It shares its variables with `model`, and can be saved
        and exported like any other.

    Raises:
        ValueError: If there is no such list of views, a view lies outside of the image, or the
            image is smaller than the model's.

    Example:
        >>> model = kerasbook.applications.LeNet5()
        >>> ten = kerasbook.evaluation.average_views(model, "ten_crop", image_size=(32, 32))
        >>> tuple(ten(np.zeros((2, 32, 32, 1), "float32")).shape)
        (2, 10)

    Reference:
        Krizhevsky et al., 2012, section 4.1, ten crops,
        https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks;
        scales: Simonyan and Zisserman, 2015, section 3.2, https://arxiv.org/abs/1409.1556
    """
    network = with_probabilities(model, "classifier")
    views = _listed(views)
    *size, channels = model.inputs[0].shape[1:]
    image_size = tuple(size if image_size is None else image_size)
    if not scales or not all(scale > 0 for scale in scales):
        raise ValueError(f"`scales` must be numbers above 0. Received: scales={scales}")
    image = keras.Input((*image_size, channels), dtype=model.inputs[0].dtype, name="image")
    crops = []
    for scale in scales:
        scaled = image
        if scale != 1:
            if None in image_size:
                raise ValueError("`image_size` must be given where there are `scales`.")
            scaled = keras.ops.image.resize(
                image,
                [round(side * scale) for side in image_size],
                antialias=True,
                data_format="channels_last",
            )
        crops += [_crop(scaled, view, size) for view in views]
    outputs = network(keras.ops.concatenate(crops, 0) if len(crops) > 1 else crops[0])
    outputs = keras.ops.reshape(outputs, (len(crops), -1, outputs.shape[-1]))
    return keras.Model(image, keras.ops.mean(outputs, 0), name=model.name)


def _listed(views):
    if isinstance(views, str):
        if views not in VIEWS:
            raise ValueError(f"`views` must be one of {list(VIEWS)}. Received: views={views!r}")
        return VIEWS[views]
    views = [View(*view) for view in views]
    inside = all(0 <= place <= 1 for view in views for place in view[:2])
    if not views or not inside:
        raise ValueError(f"`views` must be views with places in [0, 1]. Received: views={views}")
    return views


def _crop(image, view, size):
    """Returns a view of images as symbols."""
    corner = []
    for place, side, part in zip(view[:2], image.shape[1:3], size, strict=True):
        if part is None:
            if place != 0.5:
                raise ValueError(
                    "`views` must be of the center where the model takes images of any size. "
                    f"Received: {view}"
                )
            corner.append(slice(None))
            continue
        if side is None or side < part:
            raise ValueError(
                f"`image_size` must be at least the model's own, {tuple(size)}, at each scale. "
                f"Received: {tuple(image.shape[1:3])}"
            )
        start = round(place * (side - part))
        corner.append(slice(start, start + part))
    crop = image[:, corner[0], corner[1]]
    return keras.ops.flip(crop, 2) if view.flip else crop
