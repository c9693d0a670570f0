"""What is known of a model before it is built: its size, its paper, its scaling of images."""

import dataclasses
import functools
import json
import pathlib
import re
import warnings

import keras
import numpy as np

from kerasbook import registry
from kerasbook.analysis import cost, weightless
from kerasbook.applications.feature_maps import FeatureMap, feature_maps
from kerasbook.applications.preprocessing import scaled
from kerasbook.layers.arguments import one_of, positive_integer

MEASURES = pathlib.Path(__file__).parent / "measures.json"


@dataclasses.dataclass(frozen=True)
class ModelInfo:
    """Facts about a model with its default arguments.

    Attributes:
        name: Name for `create_model`.
        family: Name of its family.
        about: What distinguishes this size of it.
        task: What it does, e.g. `"classification"`.
        reference: The paper.
        input_shape: `(height, width, channels)` of the images.
        minimum: Smallest height and width of an image, pixels.
        classes: Number of classes.
        conventions: Published forms of the network, the one asked for first.
        scalings: Dictionary from convention to the scaling of images, see `preprocess_input`.
        peers: Dictionary from `"keras"`, `"timm"` and `"torchvision"` to its name there.
        parameters: Number of all weights.
        trainable_parameters: Number of weights that training changes.
        multiply_adds: Multiplications with additions for one image.
        weight_memory: Bytes of the weights.
        activation_memory: Bytes of the activations of one image, see `kerasbook.analysis.cost`.
        features: Tuple of `FeatureMap`, what `features` can return.
    """

    name: str
    family: str
    about: str
    task: str
    reference: str
    input_shape: tuple
    minimum: int
    classes: int
    conventions: tuple
    scalings: dict
    peers: dict
    parameters: int
    trainable_parameters: int
    multiply_adds: int
    weight_memory: int
    activation_memory: int
    features: tuple

    @property
    def paper(self):
        """Authors and year of the first reference."""
        authors_and_year = re.match(r".*?,? (?:19|20)\d\d", self.reference)
        return authors_and_year[0] if authors_and_year else self.reference

    def preprocess_input(self, images, *, convention=None):
        """Scales images of the range [0, 255] as published weights of the model expect.

        Where there are none, as its convention has it for all networks: by mean and deviation
        over ImageNet for images of 3 channels in `"torch"`.

        Args:
            images: Array or tensor `(..., height, width, channels)`.
            convention: The model's; `None` is the one that `model_info` was asked for.

        Returns:
            Floats of the same shape.

        Raises:
            ValueError: If the convention is not one of the model's.
        """
        convention = self.conventions[0] if convention is None else convention
        return scaled(images, self.scalings[one_of("convention", convention, self.conventions)])

    def decode_predictions(self, predictions, *, top=5, class_names=None):
        """Returns the most probable classes of each image.

        Args:
            predictions: Array `(batch, classes)` of probabilities or logits.
            top: How many.
            class_names: List of names of the classes; `None` takes those of ImageNet, which Keras
                downloads at the first time.

        Returns:
            For each image a list of `(name, score)`, the highest score first.

        Raises:
            ValueError: If there are not as many names as classes, or `top` is not positive.
        """
        positive_integer("top", top)
        predictions = np.asarray(keras.ops.convert_to_numpy(predictions))
        if class_names is None:
            decoded = keras.applications.imagenet_utils.decode_predictions(predictions, top=top)
            return [[(name, float(score)) for _, name, score in row] for row in decoded]
        if isinstance(class_names, str) or not hasattr(class_names, "__len__"):
            raise ValueError(
                f"`class_names` must be a list of names. Received: class_names={class_names!r}"
            )
        predictions = predictions.astype("float64")  # minus an unsigned integer is not less
        if predictions.ndim != 2 or predictions.shape[1] != len(class_names):
            raise ValueError(
                f"`predictions` must be (batch, {len(class_names)}), one for each name. "
                f"Received: predictions of the shape {predictions.shape}"
            )
        order = (-predictions).argsort(axis=1, kind="stable")[:, :top]
        return [
            [(class_names[i], float(row[i])) for i in best]
            for row, best in zip(predictions, order, strict=True)
        ]


def model_info(name, *, convention=None):
    """Returns what is known of a model by its name.

    The numbers of the library's own models were computed of the models when the library was built;
    those of a plug-in's are computed now, which builds the model, without memory for its weights.

    Args:
        name: A name from `list_models`, in any case.
        convention: The published form whose scaling `preprocess_input` is to have; `None` is the
            default of the model's function. `from_timm` builds `"torch"`.

    Returns:
        A `ModelInfo`.

    Raises:
        ValueError: If there is no such model (the message lists the nearest names), or it has no
            such convention.

    Example:
        >>> info = kerasbook.applications.model_info("lenet5")
        >>> info.parameters, info.input_shape
        (61706, (28, 28, 1))
    """
    name = str(name).lower()
    function = registry.get("model", name)
    numbers = recorded(name) or measure(name)
    numbers["features"] = tuple(FeatureMap(*row) for row in numbers["features"])
    numbers["input_shape"] = tuple(numbers["input_shape"])
    size = getattr(function, "size", None)
    conventions = ("own",) if size is None else size.conventions
    if convention is not None:
        one_of("convention", convention, conventions)
        conventions = (convention, *(other for other in conventions if other != convention))
    if size is None:  # of a plug-in that has no families
        unknown = dict.fromkeys(("family", "reference"), "")
        return ModelInfo(
            name=name, about="", task="classification", minimum=1, conventions=conventions,
            scalings={"own": "none"}, peers={}, **unknown, **numbers,
        )  # fmt: skip
    family = size.family
    return ModelInfo(
        name=name,
        family=family.name,
        about=size.about,
        task=family.task,
        reference=" ".join(family.reference.split()),
        minimum=size.minimum(),
        conventions=conventions,
        scalings={key: family.conventions[key].preprocessing for key in conventions},
        peers=dict(size.peers),
        **numbers,
    )


def infos(names):
    """Yields what is known of models; of a plug-in's that cannot be measured, a warning instead."""
    for name in names:
        try:
            yield model_info(name)
        except Exception as error:  # a plug-in may fail in any way; the others go on
            if recorded(name):
                raise
            warnings.warn(
                f"The model {name!r} of a plug-in cannot be measured and is left out: "
                f"{type(error).__name__}: {error}",
                stacklevel=3,
            )


def measure(name):
    """Returns what is computed of a model with its default arguments, as plain data."""
    model = weightless(registry.get("model", name))
    costs = cost(model)
    try:
        maps = feature_maps(model)
    except ValueError:  # a plug-in's model may name its layers otherwise
        maps = []
    output = keras.tree.flatten(model.outputs)[0]
    return {
        "input_shape": list(model.input_shape[1:]),
        "classes": output.shape[-1],
        "parameters": costs.parameters,
        "trainable_parameters": costs.trainable_parameters,
        "multiply_adds": costs.multiply_adds,
        "weight_memory": costs.weight_memory,
        "activation_memory": costs.activation_memory,
        "features": [list(dataclasses.astuple(row)) for row in maps],
    }


def recorded(name):
    """Returns what was computed of a model of the library; `None` if it is not one."""
    numbers = _measures().get(name)
    return numbers and dict(numbers)


@functools.cache
def _measures():
    return json.loads(MEASURES.read_text())
