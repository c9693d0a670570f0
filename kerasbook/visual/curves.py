"""The learning curves of a run."""

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter


def plot_curves(rows, path):
    """Draws loss and accuracy, of training and validation, over epochs.

    Args:
        rows: Rows of the run's log, dictionaries with `epoch`, `loss`, `accuracy`, `val_loss`
            and `val_accuracy` (see `kerasbook.callbacks.epoch_log.read_log`).
        path: The picture to write; its suffix says the format.

    Raises:
        ValueError: If there are no rows.
    """
    if not rows:
        raise ValueError("`rows` must hold at least one epoch. Received: rows=[]")
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    epochs = [row["epoch"] for row in rows]
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        axes.plot(epochs, [row[name] for row in rows], "o-", ms=3, label="training")
        axes.plot(epochs, [row[f"val_{name}"] for row in rows], "o-", ms=3, label="validation")
        axes.set(xlabel="epoch", title=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    figure.savefig(path, dpi=120)
