"""A hierarchy of experts: two levels of gates that split a piecewise linear function.

    kerasbook train hierarchical_experts

Murphy (2022), section 13.6.2.3: experts that are mixtures of experts themselves. Here a linear
gate divides the inputs between two branches, each of which has a linear gate between two linear
experts, as Jordan and Jacobs (1994, https://doi.org/10.1162/neco.1994.6.2.181) have it; but all is
fitted by least squares, and of three starts the best on the training data counts. The function has
four linear pieces and a jump, the noise a deviation of 0.1. The numbers are of 2,000 held-out
points, with the deviation of the residuals.

Measured: 1 expert: log-likelihood -1.402; 2 x 2 experts: log-likelihood 0.240 (means of 5
seeds, all in 31 s of processor time; AMD EPYC, 2 cores, TensorFlow 2.21.0, Keras 3.15.1,
2026-11-28).
"""

import keras
import numpy as np

from kerasbook import layers, training, visual
from kerasbook.recipes.heteroscedastic_regression import log_density
from kerasbook.registry import register

NOISE = 0.1
EDGES = np.array([-0.5, 0.0, 0.5])  # where the pieces meet, in [-1, 1]
SLOPES = np.array([3.0, -3.0, 3.0, -3.0])
LEVELS = np.array([1.0, 2.5, -2.5, -1.0])  # of each piece, at its left end
GRID = np.linspace(-1, 1, 400, dtype="float32")[:, None]
BRANCHING = (2, 2)
STARTS = 3


def pieces(x):
    """Returns the true function."""
    piece = np.searchsorted(EDGES, x)
    left = np.concatenate([[-1.0], EDGES])[piece]
    return LEVELS[piece] + SLOPES[piece] * (x - left)


def noisy_pieces(count, seed):
    """Returns `count` places in [-1, 1] and the function there with noise, each `(count, 1)`."""
    random = np.random.default_rng(seed)
    x = random.uniform(-1, 1, (count, 1))
    return x.astype("float32"), random.normal(pieces(x), NOISE).astype("float32")


def network(branching):
    """Returns a tree of linear experts, or one; inputs are scaled so that gates get steep soon."""
    tree = keras.layers.Dense(1)
    if branching:
        tree = layers.HierarchicalMixtureOfExperts(branching, tree)
    return keras.Sequential([keras.Input((1,)), keras.layers.Rescaling(5.0), tree])


def best_fit(branching, x, y, epochs):
    """Returns the best of three fits, or one of a single expert, and its residuals' deviation."""
    fits = []
    for _ in range(STARTS if branching else 1):
        model = network(branching)
        training.fit_whole(model, "mse", x, y, epochs=epochs, learning_rate=0.2)
        fits.append((model, np.sqrt(np.mean((np.asarray(model(x)) - y) ** 2))))
    return min(fits, key=lambda fit: fit[1])


def run(seed, epochs):
    """Fits one linear expert, and the tree; see `kerasbook.training.Study`."""
    x, y = noisy_pieces(500, (seed, 0))
    test_x, test_y = noisy_pieces(2000, (seed, 1))
    scores = {}
    for name, branching in (("1 expert", ()), ("2 x 2 experts", BRANCHING)):
        model, deviation = best_fit(branching, x, y, epochs)
        mean = np.asarray(model(test_x)).astype("float64")
        scores[name] = {"log_likelihood": log_density(test_y, mean, deviation)}
    return scores, lambda path: draw(path, model, x, y)


def draw(path, model, x, y):
    """Draws the fit of the tree, and the parts of its gates and of its experts."""
    tree, inputs = model.layers[-1], model.layers[0](GRID)
    grid = GRID[:, 0]
    root = np.asarray(tree.root.responsibilities(inputs))
    leaves = np.asarray(tree.responsibilities(inputs))
    panels = [
        visual.CurvePanel(
            "the fit of two levels",
            points={"data": (x[:, 0], y[:, 0])},
            lines={"fit": (grid, np.asarray(model(GRID))[:, 0])},
            truth=(grid, pieces(grid)),
        ),
        visual.CurvePanel(
            "the gate of the root",
            lines={f"branch {k + 1}": (grid, root[:, k]) for k in range(BRANCHING[0])},
            labels=("x", "weight"),
        ),
        visual.CurvePanel(
            "both levels: the weights of the experts",
            lines={
                f"branch {1 + k // BRANCHING[1]}, expert {1 + k % BRANCHING[1]}": (grid, weights)
                for k, weights in enumerate(leaves.T)
            },
            labels=("x", "weight"),
        ),
    ]
    visual.plot_curve_panels(panels, path, title="A hierarchy of linear experts")


recipe = register("recipe")(
    training.Study(
        name="hierarchical_experts",
        run=run,
        epochs=1500,
        claims=(training.Claim("2 x 2 experts", "1 expert", 0.5),),
    )
)
