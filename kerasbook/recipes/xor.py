"""Exclusive or: what no line divides, by hidden units set by hand and by radial basis functions.

    kerasbook train xor

Murphy (2022), section 13.2.1, gives a multilayer perceptron of Heaviside units by hand: one hidden
unit is AND, the other OR, and the output is OR without AND. Its first two panels draw it, and the
same weights with sigmoids, over [-0.2, 1.2] at 100 points a side. Section 13.6.1.3 classifies
jittered corners: a logistic regression fails, with powers up to 10 of each input too (but without
their products, one of which would do), where four radial basis functions at the corners
succeed. Those three panels are of models trained here; the numbers are of held-out points.

Measured: linear logistic: accuracy 0.497; linear logistic: log-likelihood -0.694; powers up to
10: accuracy 0.502; powers up to 10: log-likelihood -0.711; 4 radial basis functions: accuracy
1.000; 4 radial basis functions: log-likelihood -0.021 (means of 5 seeds, all in 7 s of
processor time; AMD EPYC, 2 cores, TensorFlow 2.21.0, Keras 3.15.1, 2026-11-28).
"""

import keras
import numpy as np

from kerasbook import layers, training, visual
from kerasbook.registry import register

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
CLASSES = np.array([0, 1, 1, 0])
GRID = np.linspace(-0.2, 1.2, 100)
JITTER = 0.3
WIDE_GRID = np.linspace(-JITTER - 0.1, 1 + JITTER + 0.1, 100)
DEGREE = 10
BANDWIDTH = 0.4


def jittered_corners(count, seed):
    """Returns `count` points, each a corner plus uniform noise of up to 0.3, and their classes."""
    random = np.random.default_rng(seed)
    corner = random.permutation(np.arange(count) % 4)
    noise = random.uniform(-JITTER, JITTER, (count, 2))
    return (CORNERS[corner] + noise).astype("float32"), CLASSES[corner]


def hand_set(activation):
    """Returns the perceptron of the book, `f(-f(x1 + x2 - 1.5) + f(x1 + x2 - 0.5) - 0.5)`.

    Args:
        activation: Function that makes a layer `f`, such as `kerasbook.layers.Heaviside`.
    """
    model = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(2, name="and_or"),
            activation(),
            keras.layers.Dense(1, name="or_without_and"),
            activation(),
        ]
    )
    model.get_layer("and_or").set_weights([np.ones((2, 2)), np.array([-1.5, -0.5])])
    weights = [np.array([[-1.0], [1.0]]), np.array([-0.5])]
    model.get_layer("or_without_and").set_weights(weights)
    return model


def _sigmoid():
    return keras.layers.Activation("sigmoid")


def powers(x):
    """Returns `x, x**2, ..., x**10` of each input, moved so that they lie in [-1, 1]."""
    moved = (x - 0.5) / (0.5 + JITTER)
    return np.concatenate([moved**power for power in range(1, DEGREE + 1)], -1)


def logistic(features, hidden=()):
    """Returns a logistic regression on so many features, or on what a hidden layer makes."""
    output = keras.layers.Dense(1, activation="sigmoid")
    return keras.Sequential([keras.Input((features,)), *hidden, output])


def run(seed, epochs):
    """Fits the three classifiers; see `kerasbook.training.Study`."""
    x, y = jittered_corners(200, (seed, 0))
    test_x, test_y = jittered_corners(1000, (seed, 1))
    basis = layers.RadialBasis(4, bandwidth=BANDWIDTH, placement="fitted", learn_centroids=False)
    basis.fit_centroids(CORNERS)  # four centroids of four examples are these
    models = {
        "linear logistic": (logistic(2), lambda x: x),
        f"powers up to {DEGREE}": (logistic(2 * DEGREE), powers),
        "4 radial basis functions": (logistic(2, [basis]), lambda x: x),
    }
    scores = {}
    for name, (model, features) in models.items():
        fitted = y[:, None].astype("float32")
        training.fit_whole(
            model, "binary_crossentropy", features(x), fitted, epochs=epochs, learning_rate=0.1
        )
        one = np.asarray(model(features(test_x)))
        scores[name] = training.classifier_scores(np.concatenate([1 - one, one], -1), test_y)
    return scores, lambda path: draw(path, models, x, y)


def draw(path, models, x, y):
    """Draws the perceptron set by hand, and the fitted models with their data."""

    def grid(places):
        return np.stack(np.meshgrid(places, places), -1).reshape(-1, 2).astype("float32")

    def panel(title, one, places, points, classes):
        one = np.asarray(one).reshape(len(places), len(places))
        both = np.stack([1 - one, one], -1)
        return visual.RegionPanel(title, places, places, both, points, classes)

    heaviside, sigmoid = (np.asarray(hand_set(f)(grid(GRID))) for f in (layers.Heaviside, _sigmoid))
    low, high = sigmoid.min(), sigmoid.max()
    stretched = (sigmoid - low) / (high - low)
    title = f"by hand, sigmoid: {low:.3f} to {high:.3f}"
    panels = [
        panel("by hand, Heaviside", heaviside, GRID, CORNERS, CLASSES),
        panel(title, stretched, GRID, CORNERS, CLASSES),
    ]
    for name, (model, features) in models.items():
        panels.append(panel(name, model(features(grid(WIDE_GRID))), WIDE_GRID, x, y))
    visual.plot_decision_regions(
        panels,
        path,
        class_names=["0", "1"],
        labels=("x₁", "x₂"),
        title="Exclusive or",
    )


recipe = register("recipe")(
    training.Study(
        name="xor",
        run=run,
        epochs=300,
        claims=(
            training.Claim("4 radial basis functions", "linear logistic", 0.2, "accuracy"),
            training.Claim("4 radial basis functions", f"powers up to {DEGREE}", 0.2, "accuracy"),
        ),
    )
)
