"""Regression whose noise grows: a Gaussian head beside a fit of one constant variance.

    kerasbook train heteroscedastic_regression

Murphy (2022), section 13.2.4: a network with two outputs, `N(y | mean(x),
softplus(scale(x)))`, on a series of linear trend and season whose noise grows with time. The book
does not say how its series was made: here the mean is `0.4 t + 1.2 sin(pi t / 2)` and the variance
`0.02 + 0.015 t**2`, for t in [0, 10]. The constant variance is the mean squared residual of a
network of the same hidden layers that was fitted by least squares. The numbers are of 2,000
held-out points; those of the truth are the most that any model can have, but for chance.

Measured: learned variance: log-likelihood -0.824; constant variance: log-likelihood -1.108;
truth: log-likelihood -0.795 (means of 5 seeds, all in 15 s of processor time; AMD EPYC, 2
cores, TensorFlow 2.21.0, Keras 3.15.1, 2026-11-28).
"""

import keras
import numpy as np

from kerasbook import layers, losses, training, visual
from kerasbook.registry import register

END = 10.0


def trend_and_season(time):
    """Returns the true mean and standard deviation at each time."""
    mean = 0.4 * time + 1.2 * np.sin(np.pi / 2 * time)
    return mean, np.sqrt(0.02 + 0.015 * time**2)


def noisy_series(count, seed):
    """Returns `count` times in [0, 10] and what was observed there, each `(count, 1)`."""
    random = np.random.default_rng(seed)
    time = np.sort(random.uniform(0, END, (count, 1)), 0)
    mean, deviation = trend_and_season(time)
    return time.astype("float32"), random.normal(mean, deviation).astype("float32")


def network(head):
    """Returns two hidden layers and a head; times are scaled to [-5, 5]."""
    return keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.Rescaling(10 / END, -5),
            keras.layers.Dense(64, activation="silu"),
            keras.layers.Dense(64, activation="silu"),
            head,
        ]
    )


def log_density(y, mean, deviation):
    """Returns the mean logarithm of normal densities."""
    scaled = (y - mean) / deviation
    return np.mean(-0.5 * scaled**2 - np.log(deviation) - 0.5 * np.log(2 * np.pi))


def run(seed, epochs):
    """Fits both networks; see `kerasbook.training.Study`."""
    x, y = noisy_series(500, (seed, 0))
    test_x, test_y = noisy_series(2000, (seed, 1))
    head = layers.GaussianHead(1)
    learned = network(head)
    training.fit_whole(learned, losses.GaussianNegativeLogLikelihood(), x, y, epochs=epochs)
    constant = network(keras.layers.Dense(1))
    training.fit_whole(constant, "mse", x, y, epochs=epochs)
    deviation = np.sqrt(np.mean((np.asarray(constant(x)) - y) ** 2))

    def by_head(x):
        mean, scale = head.split(learned(x))
        return np.asarray(mean), np.asarray(scale)

    def by_constant(x):
        return np.asarray(constant(x)), np.full_like(x, deviation)

    models = {"learned variance": by_head, "constant variance": by_constant}
    scores = {
        name: {"log_likelihood": log_density(test_y, *model(test_x))}
        for name, model in {**models, "truth": trend_and_season}.items()
    }
    return scores, lambda path: draw(path, models, x, y)


def draw(path, models, x, y):
    """Draws the data, the mean and a band of twice the standard deviation for each model."""
    grid = np.linspace(0, END, 300, dtype="float32")[:, None]
    panels = []
    for name, model in models.items():
        mean, deviation = (values[:, 0] for values in model(grid))
        time = grid[:, 0]
        panels.append(
            visual.CurvePanel(
                name,
                points={"data": (x[:, 0], y[:, 0])},
                lines={"mean": (time, mean)},
                bands={"mean": (time, mean - 2 * deviation, mean + 2 * deviation)},
                truth=(time, trend_and_season(time)[0]),
                labels=("time", "y"),
                limits=(-4.0, 9.0),
            )
        )
    visual.plot_curve_panels(panels, path, title="Regression with growing noise")


recipe = register("recipe")(
    training.Study(
        name="heteroscedastic_regression",
        run=run,
        epochs=1500,
        claims=(training.Claim("learned variance", "constant variance"),),
    )
)
