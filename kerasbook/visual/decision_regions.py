"""What classifiers say over a plane: regions, where they meet, and the examples."""

import dataclasses

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

SIDES = (5.4, 3.6)  # of a panel alone, and of one of several, inches
COLUMNS = 3
LEGEND = 2.1  # width of an entry of the legend, inches
COLORS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd")
MARKERS = "osD^v"
SHADES = 0.45  # how much of a color a region has


@dataclasses.dataclass(frozen=True)
class RegionPanel:
    """One plane.

    Attributes:
        title: Title of the plot.
        x: Places of the grid along the first axis.
        y: Places of the grid along the second.
        probabilities: Probabilities of the classes at each place, `(len(y), len(x), classes)`.
        examples: Examples, `(count, 2)`.
        classes: Their classes, integers `(count,)`.
        ringed: Examples that are ringed, booleans `(count,)`; `None` rings none.
    """

    title: str
    x: np.ndarray
    y: np.ndarray
    probabilities: np.ndarray
    examples: np.ndarray
    classes: np.ndarray
    ringed: np.ndarray = None


def plot_decision_regions(panels, path, *, class_names, labels=("x", "y"), title="", ring=""):
    """Draws planes, three in a row, in the mixed colors of their classes' probabilities.

    A black line runs where the most probable class changes.

    Args:
        panels: Sequence of `RegionPanel`.
        path: The picture to write; its suffix says the format.
        class_names: Names of up to five classes.
        labels: Labels of the two axes.
        title: Title of the picture.
        ring: What a ring means.

    Raises:
        ValueError: If there are no panels, or too many classes.
    """
    if not panels:
        raise ValueError("`panels` must hold one panel at least. Received: panels=[]")
    if len(class_names) > len(COLORS):
        raise ValueError(
            f"`class_names` must be at most {len(COLORS)}. Received: {len(class_names)} of them"
        )
    side = SIDES[len(panels) > 1]
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(side * columns, side * rows), layout="constrained")
    figure.suptitle(title, size=12, parse_math=False)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[len(panels) :]:
        axes.axis("off")
    for axes, panel in zip(grid, panels, strict=False):
        _draw(axes, panel, len(class_names))
        axes.set(xlabel=labels[0], ylabel=labels[1])
        axes.set_title(panel.title, size=10, parse_math=False)
    handles = [
        Line2D([], [], color=color, marker=marker, ls="", markeredgecolor="black", label=name)
        for name, color, marker in zip(class_names, COLORS, MARKERS, strict=False)
    ]
    handles.append(Line2D([], [], color="black", lw=1.2, label="where the classes meet"))
    if ring:
        handles.append(Line2D([], [], **_RING, label=ring))
    entries = min(len(handles), int(side * columns / LEGEND))
    figure.legend(handles=handles, loc="outside lower center", ncols=entries, frameon=False)
    figure.savefig(path, dpi=100)


_RING = {
    "marker": "o",
    "ls": "",
    "ms": 11,
    "markerfacecolor": "none",
    "markeredgecolor": "black",
    "markeredgewidth": 1.3,
}


def _draw(axes, panel, classes):
    pure = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in COLORS[:classes]])
    shades = np.clip(1 - SHADES * (1 - panel.probabilities @ pure), 0, 1)
    x, y = panel.x, panel.y
    step_x, step_y = (x[1] - x[0]) / 2, (y[1] - y[0]) / 2
    extent = (x[0] - step_x, x[-1] + step_x, y[0] - step_y, y[-1] + step_y)
    axes.imshow(shades, origin="lower", extent=extent, aspect="auto", interpolation="nearest")
    for number in range(classes):
        others = np.delete(panel.probabilities, number, -1).max(-1)
        lead = panel.probabilities[..., number] - others
        if lead.min() < 0 < lead.max():
            axes.contour(x, y, lead, levels=[0], colors="black", linewidths=1.2)
    for number in range(classes):
        axes.plot(
            *panel.examples[panel.classes == number].T,
            MARKERS[number],
            ms=4.5,
            color=COLORS[number],
            markeredgecolor="black",
            markeredgewidth=0.5,
        )
    if panel.ringed is not None:
        axes.plot(*panel.examples[panel.ringed].T, **_RING)
