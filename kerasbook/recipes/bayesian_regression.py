"""Bayesian regression: a network with a distribution of weights is unsure where it saw no data.

    kerasbook train bayesian_regression

Murphy (2022), section 13.5.5: predictions average over the weights that the data leave possible,
`p(y | x, D) = E[p(y | x, weights)]`. Here the weights are independent normal variables, fitted by
variational inference, and 300 draws of them make a prediction. The data lie in [-1, -0.5] and
[0.5, 1]: between them and beyond them the draws differ. The point estimate is the same network
with one value of each weight, fitted by least squares; both know the noise, 0.1. The
deviations are those of the draws' means, without the noise; "in the gap" is [-0.25, 0.25], "beyond
the data" lies 1.5 to 2 from 0. Independent weights make too little of what lies
between data (Foong et al., 2020, https://arxiv.org/abs/1909.00719), but more than nothing.

Measured: distribution of weights, at the data: log-likelihood 0.739; distribution of weights,
at the data: deviation 0.082; point estimate, at the data: log-likelihood 0.810; distribution of
weights, in the gap: log-likelihood -0.097; distribution of weights, in the gap: deviation
0.184; point estimate, in the gap: log-likelihood -5.313; distribution of weights, beyond the
data: log-likelihood -16.275; distribution of weights, beyond the data: deviation 0.464; point
estimate, beyond the data: log-likelihood -602.782 (means of 5 seeds, all in 18 s of processor
time; AMD EPYC, 2 cores, TensorFlow 2.21.0, Keras 3.15.1, 2026-11-28).
"""

import functools

import keras
import numpy as np
from keras import ops

from kerasbook import layers, training, visual
from kerasbook.registry import register

NOISE = 0.1
DRAWS = 300
UNITS = 32
EXAMPLES = 100
# As distances from 0.
PLACES = {"at the data": (0.5, 1.0), "in the gap": (0.0, 0.25), "beyond the data": (1.5, 2.0)}
BAYESIAN, POINT = "distribution of weights", "point estimate"
GRID = np.linspace(-2, 2, 161, dtype="float32")[:, None]


def curve(x):
    """Returns the true curve."""
    return np.sin(4 * x) + x / 2


def noisy_curve(count, distances, seed):
    """Returns `count` places at such distances from 0 and the curve there with noise."""
    random = np.random.default_rng(seed)
    x = random.uniform(*distances, (count, 1)) * random.choice([-1, 1], (count, 1))
    return x.astype("float32"), random.normal(curve(x), NOISE).astype("float32")


def negative_log_likelihood(y, mean):
    """Returns that of normal noise of the known deviation, but for a constant."""
    return ops.mean(ops.square(y - mean), -1) / (2 * NOISE**2)


def network(dense):
    """Returns three dense layers, which `dense(units, activation=...)` makes."""
    return keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.Rescaling(3.0),
            dense(UNITS, activation="relu"),
            dense(UNITS, activation="relu"),
            dense(1, activation=None),
        ]
    )


def run(seed, epochs):
    """Fits both networks; see `kerasbook.training.Study`."""
    x, y = noisy_curve(EXAMPLES, PLACES["at the data"], (seed, 0))
    bayesian = functools.partial(layers.BayesianDense, num_examples=EXAMPLES)
    models = {BAYESIAN: network(bayesian), POINT: network(keras.layers.Dense)}
    for model in models.values():
        training.fit_whole(model, negative_log_likelihood, x, y, epochs=epochs)
    scores = {}
    for number, (place, distances) in enumerate(PLACES.items(), 1):
        test_x, test_y = noisy_curve(500, distances, (seed, number))
        for name, model in models.items():
            means = draw_means(model, test_x)
            found = scores[f"{name}, {place}"] = {"log_likelihood": log_likelihood(means, test_y)}
            if name == BAYESIAN:
                found["deviation"] = means.std(0).mean()
    return scores, lambda path: draw(path, models, x, y)


def draw_means(model, x):
    """Returns 300 predictions, `(300, count)`, each with weights of its own if they have any."""
    predictions = model(np.repeat(x, DRAWS, 0), training=True)
    return np.asarray(predictions).reshape(len(x), DRAWS).T.astype("float64")


def log_likelihood(means, y):
    """Returns the mean logarithm of the density of targets, averaged over draws of the mean."""
    logs = -0.5 * ((means - y[:, 0]) / NOISE) ** 2 - np.log(NOISE * np.sqrt(2 * np.pi))
    highest = logs.max(0)
    return np.mean(highest + np.log(np.mean(np.exp(logs - highest), 0)))


def draw(path, models, x, y):
    """Draws the data, and for each network the mean of the draws and twice their deviation."""
    grid = GRID[:, 0]
    panels = []
    for name, model in models.items():
        means = draw_means(model, GRID)
        mean, deviation = means.mean(0), means.std(0)
        panels.append(
            visual.CurvePanel(
                name,
                points={"data": (x[:, 0], y[:, 0])},
                lines={"mean": (grid, mean)},
                bands={"mean": (grid, mean - 2 * deviation, mean + 2 * deviation)}
                if name == BAYESIAN
                else {},
                truth=(grid, curve(grid)),
                limits=(-3.5, 3.5),
            )
        )
    visual.plot_curve_panels(panels, path, title="Regression with a gap in the data")


recipe = register("recipe")(
    training.Study(
        name="bayesian_regression",
        run=run,
        epochs=1500,
        claims=(
            *(
                training.Claim(
                    f"{BAYESIAN}, {place}", f"{BAYESIAN}, at the data", measure="deviation"
                )
                for place in ("in the gap", "beyond the data")
            ),
            training.Claim(f"{BAYESIAN}, beyond the data", f"{POINT}, beyond the data"),
        ),
    )
)
