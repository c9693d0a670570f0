"""The rewards of a search, trial by trial."""

import itertools

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator


def plot_rewards(rows, path, *, title="", label="reward"):
    """Draws the reward of each trial, and the best so far; with folds, those of each.

    Args:
        rows: Dictionaries with `trial`, `reward` (`None` where the trial failed) and `fold` (`None`
            where there are none), in the order of time.
        path: The picture to write; its suffix says the format.
        title: Title of the picture.
        label: What the reward is, for the axis.

    Raises:
        ValueError: If there are no rows.
    """
    if not rows:
        raise ValueError("`rows` must hold one trial at least. Received: rows=[]")
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    folds = sorted({row["fold"] for row in rows}, key=lambda fold: (fold is not None, fold))
    for number, fold in enumerate(folds):
        told = [row for row in rows if row["fold"] == fold and row["reward"] is not None]
        if not told:
            continue
        name = "" if fold is None else f", fold {fold + 1}"
        places, rewards = [row["trial"] for row in told], [row["reward"] for row in told]
        best = list(itertools.accumulate(rewards, max))
        style = {"color": f"C{number}"}
        axes.plot(places, rewards, ".", alpha=0.6, label=f"trials{name}", **style)
        axes.step(places, best, where="post", lw=1.6, label=f"best so far{name}", **style)
    failed = [row["trial"] for row in rows if row["reward"] is None]
    if failed:
        low = axes.get_ylim()[0]
        axes.plot(failed, [low] * len(failed), "x", color="black", clip_on=False, label="failed")
    axes.set(xlabel="trial", ylabel=label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(title, size=11, parse_math=False)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120)
