"""Which classes are taken for which."""

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

LARGEST_WITH_NUMBERS = 25


def plot_confusion_matrix(matrix, class_names, path):
    """Draws a confusion matrix, with counts in the cells of up to 25 classes.

    Args:
        matrix: Integers `(classes, classes)`; row: true class, column: predicted class.
        class_names: Names of the classes.
        path: The picture to write; its suffix says the format.

    Raises:
        ValueError: If the matrix is not square, or does not fit the names.
    """
    matrix = np.asarray(matrix)
    classes = len(class_names)
    if matrix.shape != (classes, classes):
        raise ValueError(
            f"`matrix` must be ({classes}, {classes}), as there are class names. "
            f"Received: shape={matrix.shape}"
        )
    side = min(12, 2.5 + 0.45 * classes)
    figure = Figure(figsize=(side + 0.8, side), layout="constrained")
    axes = figure.subplots()
    shown = np.ma.masked_equal(matrix, 0)
    image = axes.imshow(shown, cmap="Blues", norm=LogNorm(1, max(2, matrix.max())))
    figure.colorbar(image, ax=axes, label="examples", shrink=0.8)
    right = np.trace(matrix) / max(1, matrix.sum())
    axes.set(xlabel="predicted", ylabel="true", title=f"{right:.2%} of {matrix.sum():,} right")
    if classes <= LARGEST_WITH_NUMBERS:
        upright = 90 if max(map(len, class_names)) > 2 else 0
        axes.set_xticks(range(classes), class_names, rotation=upright, parse_math=False)
        axes.set_yticks(range(classes), class_names, parse_math=False)
        for row, column in np.argwhere(matrix):
            dark = image.norm(matrix[row, column]) > 0.6
            axes.text(
                column,
                row,
                matrix[row, column],
                ha="center",
                va="center",
                size=8,
                color="white" if dark else "black",
            )
    figure.savefig(path, dpi=120)
