"""An inverse problem, one input and several outputs, by a mixture of linear experts.

    kerasbook train inverse_problem_linear_experts

Murphy (2022), section 13.6.2.1: three linear experts and a linear gate, fitted by EM; of five
starts the likeliest counts. The data are after Bishop (1994,
https://publications.aston.ac.uk/id/eprint/373/): `x = t + 0.3 sin(2 pi t) + noise` is easy to
predict from t; with the axes swapped, some x have three t. The mean then lies where there are no
data, and the prediction of the most responsible expert, the mode, does not. One expert alone is
linear regression. The numbers are of 2,000 held-out points.

Measured: 1 expert: log-likelihood 0.123; 3 experts: log-likelihood 1.339 (means of 5 seeds, all
in 2 s of processor time; AMD EPYC, 2 cores, TensorFlow 2.21.0, Keras 3.15.1, 2026-11-28).
"""

import numpy as np

from kerasbook import layers, training, visual
from kerasbook.registry import register

NOISE = 0.03
STARTS = 5
GRID = np.linspace(-0.1, 1.1, 400, dtype="float32")[:, None]
LABELS = ("x", "t")
LIMITS = (-0.15, 1.15)


def inverse_problem(count, seed):
    """Returns `count` inputs x and the targets t that they came from, each `(count, 1)`."""
    random = np.random.default_rng(seed)
    t = random.uniform(0, 1, (count, 1))
    x = random.normal(t + 0.3 * np.sin(2 * np.pi * t), NOISE)
    return x.astype("float32"), t.astype("float32")


def best_fit(num_experts, x, y, num_iterations, seed):
    """Returns the likeliest of the mixtures that EM finds from different starts."""
    fits = []
    for start in range(STARTS):
        model = layers.MixtureOfLinearExperts(1, num_experts)
        options = {"num_iterations": num_iterations, "seed": STARTS * seed + start}
        fits.append((model.fit_em(x, y, **options)[-1], model))
    return max(fits, key=lambda fit: fit[0])[1]


def run(seed, epochs):
    """Fits one expert and three by `epochs` iterations; see `kerasbook.training.Study`."""
    x, y = inverse_problem(1000, (seed, 0))
    test_x, test_y = inverse_problem(2000, (seed, 1))
    scores = {}
    for name, num_experts in (("1 expert", 1), ("3 experts", 3)):
        model = best_fit(num_experts, x, y, epochs, seed)
        scores[name] = {"log_likelihood": np.mean(model.log_prob(model(test_x), test_y))}
    return scores, lambda path: draw(path, model, x, y)


def draw(path, model, x, y):
    """Draws the experts, which of them is responsible, and the two ways to predict."""
    output = model(GRID)
    weights, means, _ = map(np.asarray, model.split(output))
    grid, data = GRID[:, 0], {"data": (x[:, 0], y[:, 0])}
    names = [f"expert {number + 1}" for number in range(weights.shape[-1])]
    shared = {"labels": LABELS, "limits": LIMITS}
    panels = [
        visual.CurvePanel(
            "the experts",
            points=data,
            lines={name: (grid, means[:, k, 0]) for k, name in enumerate(names)},
            **shared,
        ),
        visual.CurvePanel(
            "their responsibilities",
            lines={name: (grid, weights[:, k]) for k, name in enumerate(names)},
            labels=("x", "probability"),
        ),
        visual.CurvePanel(
            "predictions",
            points=data,
            lines={"mean": (grid, np.asarray(model.mean(output))[:, 0])},
            dots={"mode": (grid, np.asarray(model.mode(output))[:, 0])},
            **shared,
        ),
    ]
    visual.plot_curve_panels(panels, path, title="An inverse problem, three linear experts")


recipe = register("recipe")(
    training.Study(
        name="inverse_problem_linear_experts",
        run=run,
        epochs=200,
        claims=(training.Claim("3 experts", "1 expert"),),
    )
)
