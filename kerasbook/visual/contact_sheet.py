"""Many small images on one sheet, each with a caption."""

import numpy as np
from matplotlib.figure import Figure


def plot_contact_sheet(images, captions, path, *, title="", columns=6):
    """Draws images in a grid, unsmoothed.

    Args:
        images: Sequence of arrays `(height, width, 1 or 3)`, uint8 in [0, 255].
        captions: One string per image.
        path: The picture to write; its suffix says the format.
        title: Title of the sheet.
        columns: Number of images in a row.

    Raises:
        ValueError: If there are not as many captions as images.
    """
    if len(images) != len(captions):
        raise ValueError(
            "`captions` must hold one caption per image. "
            f"Received: {len(captions)} captions for {len(images)} images"
        )
    rows = max(1, -(-len(images) // columns))
    figure = Figure(figsize=(1.7 * columns, 0.5 + 1.9 * rows), layout="constrained")
    # Without ticks, on which the layout would spend as long as on all the rest.
    unmarked = {"xticks": (), "yticks": ()}
    grid = np.ravel(figure.subplots(rows, columns, squeeze=False, subplot_kw=unmarked))
    for axes in grid:
        axes.axis("off")
    for axes, image, caption in zip(grid, images, captions, strict=False):
        image = np.asarray(image)
        grey = image.shape[-1] == 1
        axes.imshow(
            image[..., 0] if grey else image, cmap="gray" if grey else None, vmin=0, vmax=255
        )
        axes.set_title(caption, size=8, parse_math=False)
    figure.suptitle(title if len(images) else f"{title}: none", size=11)
    figure.savefig(path, dpi=120)
