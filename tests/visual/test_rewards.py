"""The picture of rewards: what it shows of trials, folds and failures."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from kerasbook.visual import plot_rewards, rewards


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draws rows; returns the axes."""
    figures = []

    class Kept(Figure):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            figures.append(self)

    monkeypatch.setattr(rewards, "Figure", Kept)

    def draw(rows, **options):
        plot_rewards(rows, tmp_path / "rewards.png", **options)
        assert (tmp_path / "rewards.png").stat().st_size > 5000
        return figures[-1].axes[0]

    return draw


def row(trial, reward, fold=None):
    return {"trial": trial, "reward": reward, "fold": fold}


def test_trials_and_the_best_so_far(drawn):
    axes = drawn([row(0, 0.2), row(1, None), row(2, 0.5), row(3, 0.4)], title="t", label="accuracy")
    trials, best, failed = axes.get_lines()
    np.testing.assert_array_equal(trials.get_xydata(), [[0, 0.2], [2, 0.5], [3, 0.4]])
    np.testing.assert_array_equal(best.get_ydata(), [0.2, 0.5, 0.5])
    np.testing.assert_array_equal(failed.get_xdata(), [1])
    assert (axes.get_title(), axes.get_ylabel()) == ("t", "accuracy")
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["trials", "best so far", "failed"]


def test_each_fold_has_its_own_best(drawn):
    axes = drawn([row(0, -2.0, 0), row(1, -9.0, 1), row(2, -3.0, 0), row(3, -8.0, 1)])
    bests = [line.get_ydata().tolist() for line in axes.get_lines()[1::2]]
    assert bests == [[-2, -2], [-9, -8]]
    assert "best so far, fold 2" in [text.get_text() for text in axes.get_legend().get_texts()]


def test_only_failures_can_be_drawn(drawn):
    (failed,) = drawn([row(0, None), row(1, None)]).get_lines()
    assert failed.get_label() == "failed"


def test_without_trials(tmp_path):
    with pytest.raises(ValueError, match="`rows` must hold one trial at least"):
        plot_rewards([], tmp_path / "rewards.png")
