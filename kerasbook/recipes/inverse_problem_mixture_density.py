"""An inverse problem, one input and several outputs, by a mixture density network.

    kerasbook train inverse_problem_mixture_density

Murphy (2022), section 13.6.2.2, after Bishop (1994,
https://publications.aston.ac.uk/id/eprint/373/): weights, means and deviations of normal
distributions are the outputs of a network, here with two hidden layers of 32 units; the data are
those of `inverse_problem_linear_experts`. With one component the best is a broad band, with three
or more the branches of the data come apart. The numbers are of 2,000 held-out points.

Measured: 1 component: log-likelihood 0.470; 3 components: log-likelihood 1.532; 5 components:
log-likelihood 1.538 (means of 5 seeds, all in 21 s of processor time; AMD EPYC, 2 cores,
TensorFlow 2.21.0, Keras 3.15.1, 2026-11-28).
"""

import keras
import numpy as np

from kerasbook import layers, losses, training, visual
from kerasbook.recipes.inverse_problem_linear_experts import (
    GRID,
    LABELS,
    LIMITS,
    inverse_problem,
)
from kerasbook.registry import register

COMPONENTS = (1, 3, 5)
SHOWN = 3
LIKELY = 0.05  # components of less weight are not drawn


def network(num_components):
    """Returns two hidden layers and the head; inputs are scaled to about [-5, 5]."""
    return keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.Rescaling(10.0, -5.0),
            keras.layers.Dense(32, activation="silu"),
            keras.layers.Dense(32, activation="silu"),
            layers.MixtureDensity(1, num_components),
        ]
    )


def run(seed, epochs):
    """Fits a network for each number of components; see `kerasbook.training.Study`."""
    x, y = inverse_problem(1000, (seed, 0))
    test_x, test_y = inverse_problem(2000, (seed, 1))
    models, scores = {}, {}
    for count in COMPONENTS:
        model = models[count] = network(count)
        loss = losses.MixtureNegativeLogLikelihood(count)
        training.fit_whole(model, loss, x, y, epochs=epochs)
        found = np.mean(model.layers[-1].log_prob(model(test_x), test_y))
        scores[f"{count} component{'s' * (count > 1)}"] = {"log_likelihood": found}
    return scores, lambda path: draw(path, models, x, y)


def draw(path, models, x, y):
    """Draws the band of one component; of three their density, their means, and predictions."""
    grid, data = GRID[:, 0], {"data": (x[:, 0], y[:, 0])}
    shared = {"labels": LABELS, "limits": LIMITS}
    output = models[1](GRID)
    mean = np.asarray(models[1].layers[-1].mean(output))[:, 0]
    deviation = np.sqrt(np.asarray(models[1].layers[-1].variance(output))[:, 0])
    head, output = models[SHOWN].layers[-1], models[SHOWN](GRID)
    weights, means, _ = map(np.asarray, head.split(output))
    places = np.linspace(*LIMITS, 300)
    several = np.repeat(np.asarray(output), len(places), 0)
    density = np.exp(head.log_prob(several, np.tile(places, len(grid)).astype("float32")))
    panels = [
        visual.CurvePanel(
            "one component",
            points=data,
            lines={"mean": (grid, mean)},
            bands={"mean": (grid, mean - 2 * deviation, mean + 2 * deviation)},
            **shared,
        ),
        visual.CurvePanel(
            "three components: density and means",
            dots={
                f"mean {k + 1}": (grid[weights[:, k] > LIKELY], means[weights[:, k] > LIKELY, k, 0])
                for k in range(SHOWN)
            },
            density=(grid, places, density.reshape(len(grid), len(places)).T),
            **shared,
        ),
        visual.CurvePanel(
            "three components: predictions",
            points=data,
            lines={"mean": (grid, np.asarray(head.mean(output))[:, 0])},
            dots={"mode": (grid, np.asarray(head.mode(output))[:, 0])},
            **shared,
        ),
    ]
    visual.plot_curve_panels(panels, path, title="An inverse problem, mixture density networks")


recipe = register("recipe")(
    training.Study(
        name="inverse_problem_mixture_density",
        run=run,
        epochs=600,
        claims=tuple(
            training.Claim(f"{count} components", "1 component", 0.5) for count in COMPONENTS[1:]
        ),
    )
)
