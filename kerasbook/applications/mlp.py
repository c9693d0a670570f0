"""The multilayer perceptron: dense layers on a flattened image."""

import keras

from kerasbook.applications import parts
from kerasbook.applications.family import Family
from kerasbook.applications.units import Convention
from kerasbook.layers.arguments import positive_integers


def trunk(x, network, *, units=(128, 128)):
    """Returns the features of the last hidden layer."""
    x = keras.layers.Flatten(name="flatten")(x)
    for number, size in enumerate(positive_integers("units", units), 1):
        x = network.dense(x, size, name=f"dense{number}", normalization="own")
        x = network.drop(x, name=f"dropout{number}")
    return x


def head(x, network, classes):
    """Returns the logits."""
    return parts.dense_classifier(x, classes)


FAMILY = Family(
    name="mlp",
    title="Multilayer perceptrons",
    description="""
        Dense layers on a flattened image, whose size must therefore be known, with the top and
        without. With the defaults it is the 784-128-128-10 network of 118,282 parameters.
    """,
    options={
        "include_top": "Whether to end in the classifier; else in the last hidden layer.",
        "pooling": "Must be `None`; there are no positions left to pool over.",
        "units": "Units of the hidden layers.",
        "normalization": 'What follows each hidden layer: `"batch"`, `"group"`, `"layer"`, `None`, '
        "or a layer, of which every place gets its own copy.",
        "dropout": "Probability of dropping a feature after each hidden layer, in [0, 1).",
    },
    reference="Murphy, 2022, Probabilistic Machine Learning, section 13.2.4.2.",
    trunk=trunk,
    head=head,
    conventions={"torch": Convention(preprocessing="unit")},
    input_size=28,
    channels=1,
    classes=10,
    minimum=1,
    defaults={"normalization": None, "kernel_initializer": "glorot_uniform"},
    flat=True,
)

MLP = FAMILY.size("MLP", "dense layers on a flattened image")
MLPTest = FAMILY.size(
    "MLPTest",
    "two narrow hidden layers, for tests",
    registered="mlp_test",
    input_size=8,
    units=(16, 16),
)
