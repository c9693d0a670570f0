"""Functions of one variable beside each other: data, curves, bands and densities."""

import dataclasses

import numpy as np
from matplotlib.figure import Figure

WIDTH, HEIGHT = 4.2, 3.9  # of a panel, inches


@dataclasses.dataclass(frozen=True)
class CurvePanel:
    """One plot; what has the same label has the same colour.

    Attributes:
        title: Title of the plot.
        points: Dictionary from label to `(x, y)`, drawn as small grey points.
        lines: Dictionary from label to `(x, y)`.
        dots: Dictionary from label to `(x, y)`, for curves that jump.
        bands: Dictionary from label to `(x, low, high)`.
        truth: `(x, y)` of the true curve, dashed; or `None`.
        density: `(x, y, values)` with values `(len(y), len(x))`, shown as shades; or `None`.
        labels: Labels of the two axes.
        limits: The lowest and the highest y shown, or `None`.
    """

    title: str
    points: dict = dataclasses.field(default_factory=dict)
    lines: dict = dataclasses.field(default_factory=dict)
    dots: dict = dataclasses.field(default_factory=dict)
    bands: dict = dataclasses.field(default_factory=dict)
    truth: tuple = None
    density: tuple = None
    labels: tuple = ("x", "y")
    limits: tuple = None


def plot_curve_panels(panels, path, *, title=""):
    """Draws plots beside each other, each with its legend below.

    Args:
        panels: Sequence of `CurvePanel`.
        path: The picture to write; its suffix says the format.
        title: Title of the picture.

    Raises:
        ValueError: If there are no panels.
    """
    if not panels:
        raise ValueError("`panels` must hold one panel at least. Received: panels=[]")
    figure = Figure(figsize=(WIDTH * len(panels), HEIGHT), layout="constrained")
    figure.suptitle(title, size=12, parse_math=False)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        _draw(axes, panel)
    figure.draw_without_rendering()  # the layout knows the legends from the second time on
    figure.savefig(path, dpi=100)


def _draw(axes, panel):
    if panel.density is not None:
        # By its root, so that a low but wide hill can be seen beside a high and narrow one.
        x, y, values = panel.density
        axes.pcolormesh(x, y, np.sqrt(values), cmap="Greys", shading="auto", rasterized=True)
    for label, (x, y) in panel.points.items():
        axes.plot(x, y, ".", ms=3, color="0.55", alpha=0.7, label=label)
    if panel.truth is not None:
        axes.plot(*panel.truth, "--", lw=1.2, color="black", label="truth", zorder=3)
    labels = dict.fromkeys((*panel.lines, *panel.dots, *panel.bands))
    for number, label in enumerate(labels):
        style = {"color": f"C{number}"}
        if label in panel.bands:
            axes.fill_between(
                *panel.bands[label], alpha=0.25, lw=0, label=f"{label}, ± 2σ", **style
            )
        if label in panel.lines:
            axes.plot(*panel.lines[label], lw=1.8, label=label, **style)
        if label in panel.dots:
            axes.plot(*panel.dots[label], ".", ms=3.5, label=label, **style)
    axes.set(xlabel=panel.labels[0], ylabel=panel.labels[1], ylim=panel.limits)
    axes.set_title(panel.title, size=10, parse_math=False)
    axes.grid(alpha=0.25)
    if axes.get_legend_handles_labels()[0]:
        below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.17)}
        axes.legend(frameon=False, fontsize=8, ncols=2, **below)
