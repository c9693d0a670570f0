"""Regression on ten radial basis functions of three bandwidths: from wiggly to straight.

    kerasbook train radial_basis_regression

Murphy (2022), section 13.6.1: ten centres, evenly spaced, on data in one dimension. Narrow ones
give a curve that falls back to the intercept between the centres, wide ones nearly a straight line.
The weights of the output are those of regularized least squares, so that nothing is trained in
steps. The book does not say how its data were made: here they are `1.5 x + sin(5 x) / 2` plus noise
of deviation 0.2, for x in [-1, 1]. The numbers are of 1,000 held-out points, with the deviation of
the residuals.

Measured: narrow: log-likelihood -1.097; middling: log-likelihood 0.136; wide: log-likelihood
-0.799 (means of 5 seeds, all in 1 s of processor time; AMD EPYC, 2 cores, TensorFlow 2.21.0,
Keras 3.15.1, 2026-11-28).
"""

import keras
import numpy as np

from kerasbook import layers, training, visual
from kerasbook.recipes.heteroscedastic_regression import log_density
from kerasbook.registry import register

CENTROIDS = np.linspace(-1, 1, 10, dtype="float32")[:, None]
BANDWIDTHS = {"narrow": 0.03, "middling": 0.25, "wide": 10.0}
PENALTY = 0.01


def trend_and_wave(x):
    """Returns the true curve."""
    return 1.5 * x + 0.5 * np.sin(5 * x)


def noisy_curve(count, seed):
    """Returns `count` places in [-1, 1] and the curve there with noise, each `(count, 1)`."""
    random = np.random.default_rng(seed)
    x = np.sort(random.uniform(-1, 1, (count, 1)), 0)
    return x.astype("float32"), random.normal(trend_and_wave(x), 0.2).astype("float32")


def least_squares(features, y, penalty):
    """Returns `w` and `b` that minimize `sum((features w + b - y)**2) + penalty sum(w**2)`."""
    features, y = features.astype("float64"), y.astype("float64")
    center, mean = features.mean(0), y.mean(0)
    centered = features - center
    normal = centered.T @ centered + penalty * np.eye(features.shape[1])
    weights = np.linalg.solve(normal, centered.T @ (y - mean))
    return weights, mean - center @ weights


def network(bandwidth):
    """Returns radial basis functions around fixed centres, and a linear output."""
    basis = layers.RadialBasis(
        len(CENTROIDS), bandwidth=bandwidth, placement="fitted", learn_centroids=False
    )
    basis.fit_centroids(CENTROIDS)
    return keras.Sequential([keras.Input((1,)), basis, keras.layers.Dense(1)])


def run(seed, epochs):
    """Solves for the output weights of each network; see `kerasbook.training.Study`."""
    x, y = noisy_curve(100, (seed, 0))
    test_x, test_y = noisy_curve(1000, (seed, 1))
    models, scores = {}, {}
    for name, bandwidth in BANDWIDTHS.items():
        model = models[name] = network(bandwidth)
        basis, output = model.layers
        output.set_weights(least_squares(np.asarray(basis(x)), y, PENALTY))
        deviation = np.sqrt(np.mean((np.asarray(model(x)) - y) ** 2))
        mean = np.asarray(model(test_x)).astype("float64")
        scores[name] = {"log_likelihood": log_density(test_y, mean, deviation)}
    return scores, lambda path: draw(path, models, x, y)


def draw(path, models, x, y):
    """Draws the data and the curve of each bandwidth."""
    grid = np.linspace(-1.1, 1.1, 500, dtype="float32")[:, None]
    panels = [
        visual.CurvePanel(
            f"{name}, bandwidth {BANDWIDTHS[name]:g}",
            points={"data": (x[:, 0], y[:, 0])},
            lines={"fit": (grid[:, 0], np.asarray(model(grid))[:, 0])},
            truth=(grid[:, 0], trend_and_wave(grid[:, 0])),
            limits=(-2.5, 2.5),
        )
        for name, model in models.items()
    ]
    visual.plot_curve_panels(panels, path, title="Ten radial basis functions")


recipe = register("recipe")(
    training.Study(
        name="radial_basis_regression",
        run=run,
        claims=(training.Claim("middling", "narrow"), training.Claim("middling", "wide")),
    )
)
