"""A look at an augmentation before training with it."""

import os
import pathlib

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from kerasbook import augmentation
from kerasbook.files import replacing
from kerasbook.ops.backend import require_tensorflow
from kerasbook.training.input.data import read_images
from kerasbook.visual import plot_augmentation_sheet

# As many images of a dataset as a row of the sheet has.
NUM_IMAGES = 6


def preview_augmentation(policy, source, path, *, data_dir=None, index=0, size=96, seed=0):
    """Draws what a policy does to images of one's own; see `plot_augmentation_sheet`.

    Args:
        policy: Anything that `kerasbook.augmentation.get_policy` takes, but `"none"`.
        source: An image file, or the name or folder of a dataset with images.
        path: The picture to write, a PNG file.
        data_dir: Folder of prepared TFDS datasets; `None` takes TFDS' own.
        index: Number of the first image of a dataset's training split, from 0.
        size: Longer side of the pictures, pixels: larger images are reduced to it before
            anything is done to them, smaller ones enlarged afterwards by a whole factor.
        seed: Seed of the draws.

    Raises:
        ValueError: If there is no such policy, dataset or example, the file holds no image, or
            the picture cannot be written.
        OSError: If the file cannot be read.
    """
    require_tensorflow("A preview")
    name = policy if isinstance(policy, str) else type(policy).__name__
    found = augmentation.get_policy(policy)
    if found is None:
        raise ValueError(f"`policy` must change images. Received: policy={name!r}")
    path = pathlib.Path(path)
    writable = path.parent.is_dir() and os.access(path.parent, os.W_OK) and not path.is_dir()
    if path.suffix.lower() != ".png" or not writable:
        raise ValueError(
            "`output` must be a .png file in a folder that can be written to. "
            f"Received: output={str(path)!r}"
        )
    images = _images(source, data_dir, index)
    pictures = [_reduced(image, size) for image in images]
    pictures = [picture for picture in pictures if picture.shape == pictures[0].shape]
    title = f"{pathlib.Path(name).name} on {pathlib.Path(source).name}"
    with replacing(path) as draft:
        plot_augmentation_sheet(found, pictures, draft, seed=seed, size=size, title=title)


def _images(source, data_dir, index):
    """Returns Pillow images of a file, or of a dataset."""
    file = pathlib.Path(source).expanduser()
    if file.is_file() or file.suffix.lower() in Image.registered_extensions():
        try:
            with Image.open(file) as image:
                return [ImageOps.exif_transpose(image).convert("RGB")]
        except UnidentifiedImageError as error:
            raise ValueError(f"{source}: cannot be read as an image") from error
    arrays = read_images(str(source), data_dir, first=index, count=NUM_IMAGES)
    return [Image.fromarray(x[..., 0] if x.shape[-1] == 1 else x) for x in arrays]


def _reduced(image, size):
    """Returns an image as an array, with its longer side at most `size` pixels."""
    image.thumbnail((size, size), Image.Resampling.LANCZOS)
    array = np.asarray(image)
    return array if array.ndim == 3 else array[..., None]
