"""Families of models: a trunk, a head, and sizes, each of which becomes a function.

A file of this package writes down one family: how its trunk makes maps of images, what is
published about it, and at its end a table of sizes. `Family.size` makes of each row a function
with the arguments of `keras.applications`, such as `ResNet50(classes=10)`, which is registered
under its name in lower case.
"""

import dataclasses
import functools
import inspect
import re
import textwrap
from collections.abc import Callable

import keras

from kerasbook.applications import parts
from kerasbook.applications.keras_weights import imagenet, require_imagenet
from kerasbook.applications.loading import with_weights
from kerasbook.applications.preprocessing import scaled
from kerasbook.applications.units import Convention, Units
from kerasbook.layers.arguments import boolean, one_of, positive_integer, positive_integers
from kerasbook.registry import register

SHARED = {
    "include_top": "Whether to end in the classifier; else in the last maps.",
    "weights": "`None`, the path of a weights file{imagenet}.",
    "input_shape": "`(height, width, channels)`, at least {minimum} pixels high and wide; `None` "
    "is ({size}, {size}, {channels}), or any size without the top.",
    "pooling": 'Pooling of the maps without the top: `None`, `"avg"` or `"max"`.',
    "classes": "Number of classes.",
    "classifier_activation": "Activation of the classifier; `None` returns logits.",
    "name": "Name of the model.",
    "convention": "Which published form the network has: {conventions}.",
    "normalization": 'What follows each convolution: `"batch"`, `"group"`, `"instance"`, `"layer"` '
    "(over the channels of each position), `None`, or a layer, of which every place gets a copy.",
    "activation": "Function of the hidden layers, or a layer.",
    "dropout": "Probability of dropping a feature before the classifier, in [0, 1).",
    "drop_path": "Probability of dropping the last residual branch of a sample, in [0, 1), rising "
    "linearly from the first.",
    "kernel_initializer": "Initializer of the hidden layers' kernels.",
    "include_preprocessing": "Whether the model itself scales images of the range [0, 255]; else "
    "`model_info(name).preprocess_input` does.",
}


def as_it_is(x, units):
    """Returns maps as they are."""
    return x


def average_head(x, units, classes):
    """Returns the logits of the mean over all positions."""
    x = keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return parts.dense_classifier(units.drop(x), classes)


def dense_head(x, network, classes, *, units=(4096, 4096)):
    """Returns the logits of hidden dense layers, each with dropout, on the flattened maps."""
    x = keras.layers.Flatten(name="flatten")(x)
    for number, size in enumerate(positive_integers("units", units), 1):
        x = network.dense(x, size, name=f"dense{number}")
        x = network.drop(x, name=f"dropout{number}")
    return parts.dense_classifier(x, classes)


def class_maps_head(x, units, classes):
    """Returns the mean over all positions of one map per class."""
    positive_integer("classes", classes)
    x = units.unit(x, classes, 1, normalization=None, name="class_maps")
    return keras.layers.GlobalAveragePooling2D(name="predictions")(x)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Family:
    """What is common to the sizes of a network.

    Attributes:
        name: Name of the family, that of its file.
        title: What it is, as a noun phrase in the plural.
        description: A paragraph for the docstrings: how the network is built.
        without_top: Function `(x, units)` that ends a model that has no head, after its pooling.
        options: Dictionary from further keyword arguments to their description.
        reference: Authors, year, section, link, and where this differs from them.
        trunk: Function `(image, units, **options)` that returns the last maps.
        head: Function `(maps, units, classes, **options)` that returns the logits, or a dictionary
            from name to logits for a network with auxiliary classifiers.
        conventions: Dictionary from name, `"keras"` or `"torch"`, to `Convention`; the first is
            the default.
        residual: Whether there are branches for `drop_path` to drop.
        input_size: Pixels of the side of the images that it was published for.
        channels: Channels of those images.
        classes: Number of classes that it was published for.
        minimum: Smallest height and width of an image; or a function of the options.
        defaults: Dictionary of arguments with other defaults than those of `Units`.
        torch_names: Rules `(pattern, replacement)` that make of a layer's name that of its module
            in timm, or in torchvision where timm has no such network. The first that matches the
            whole name counts. Or a function of the model's arguments that returns the rules.
        task: What the models do.
        static: Whether the classifier needs to know the images' size.
        flat: Whether the trunk itself does, since it returns no maps but features.
    """

    name: str
    title: str
    description: str
    reference: str
    trunk: Callable
    head: Callable = average_head
    without_top: Callable = as_it_is
    options: dict = dataclasses.field(default_factory=dict)
    conventions: dict = dataclasses.field(default_factory=lambda: {"torch": Convention()})
    residual: bool = False
    input_size: int = 224
    channels: int = 3
    classes: int = 1000
    minimum: int | Callable = 32
    defaults: dict = dataclasses.field(default_factory=dict)
    torch_names: tuple | Callable = ()
    task: str = "classification"
    static: bool = False
    flat: bool = False

    def size(
        self,
        name,
        about,
        *,
        registered=None,
        input_size=None,
        classes=None,
        conventions=None,
        peers=None,
        **values,
    ):
        """Returns the function of one size, registered under its name in lower case.

        Args:
            name: Name of the function.
            about: What distinguishes this size, as a noun phrase.
            registered: Name to register under, if that is not `name` in lower case.
            input_size: Instead of the family's.
            classes: Instead of the family's.
            conventions: Names of those in which this size is published, the default first; `None`
                takes all of the family's.
            peers: Dictionary from `"keras"`, `"timm"` and `"torchvision"` to the network's name
                there.
            **values: Defaults of the options in this size.
        """
        size = Size(
            self,
            name,
            about,
            input_size or self.input_size,
            classes or self.classes,
            tuple(conventions or self.conventions),
            dict(peers or {}),
            values,
        )

        def function(*arguments, **options):
            try:
                bound = size.signature.bind(*arguments, **options)
            except TypeError as error:
                raise TypeError(f"{name}() {error}") from None
            bound.apply_defaults()
            size.check(bound.arguments)
            return size.build(**bound.arguments)

        function.__name__ = function.__qualname__ = name
        function.__module__ = self.trunk.__module__
        function.__signature__ = size.signature
        function.__doc__ = size.docstring()
        function.size = size
        return register("model", registered)(function)


@dataclasses.dataclass(frozen=True)
class Size:
    """One size of a family: the defaults of its arguments, and what it is called elsewhere."""

    family: Family
    name: str
    about: str
    input_size: int
    classes: int
    conventions: tuple
    peers: dict
    values: dict

    @functools.cached_property
    def signature(self):
        """The arguments of the size's function: Keras' own, what is shared, the family's."""
        kind = inspect.Parameter
        defaults = {
            "include_top": True,
            "weights": None,
            "input_shape": None,
            "pooling": None,
            "classes": self.classes,
            "classifier_activation": "softmax",
            "name": self.name.lower(),
        }
        parameters = [kind(k, kind.POSITIONAL_OR_KEYWORD, default=v) for k, v in defaults.items()]
        keywords = {
            "convention": self.conventions[0],
            "normalization": "batch",
            "activation": "relu",
            "dropout": 0.0,
            **({"drop_path": 0.0} if self.family.residual else {}),
            "kernel_initializer": "he_normal",
            "include_preprocessing": False,
        }
        for function in (self.family.trunk, self.family.head):
            for parameter in inspect.signature(function).parameters.values():
                if parameter.kind is kind.KEYWORD_ONLY:
                    keywords[parameter.name] = parameter.default
        keywords |= {**self.family.defaults, **self.values}
        parameters += [kind(k, kind.KEYWORD_ONLY, default=v) for k, v in keywords.items()]
        return inspect.Signature(parameters)

    def minimum(self, **options):
        """Returns the smallest height and width of an image, with the defaults or other options."""
        if not callable(self.family.minimum):
            return self.family.minimum
        own = set(self.signature.parameters) - set(SHARED)
        defaults = {key: self.signature.parameters[key].default for key in own}
        return self.family.minimum(**{**defaults, **options})

    def check(self, arguments):
        """Raises a `ValueError` for an argument that is out of range in every family."""
        for key, value in arguments.items():
            if isinstance(self.signature.parameters[key].default, bool):
                boolean(key, value)
        one_of("convention", arguments["convention"], self.conventions)
        if self.family.flat and arguments["pooling"] is not None:
            raise ValueError(
                "`pooling` must be None, since there are no positions to pool over. "
                f"Received: pooling={arguments['pooling']!r}"
            )
        one_of("pooling", arguments["pooling"], (None, "avg", "max"))
        positive_integer("classes", arguments["classes"])
        for key in ("activation", "classifier_activation"):
            parts.known_activation(key, arguments[key])
        if isinstance(arguments["weights"], str) and arguments["weights"] == "imagenet":
            own = set(self.signature.parameters) - set(SHARED) | {"normalization"}
            defaults = {key: self.signature.parameters[key].default for key in own}
            changed = {key: arguments[key] for key in own if arguments[key] != defaults[key]}
            require_imagenet(self, arguments, changed)

    def build(
        self,
        *,
        include_top,
        weights,
        input_shape,
        pooling,
        classes,
        classifier_activation,
        name,
        convention,
        normalization,
        activation,
        dropout,
        kernel_initializer,
        include_preprocessing,
        drop_path=0.0,
        **options,
    ):
        """Returns the model."""
        family = self.family
        form = family.conventions[convention]
        image = parts.image_input(
            input_shape,
            self.input_size,
            include_top or family.flat,
            self.minimum(**options),
            channels=family.channels,
            static=family.flat or (family.static and include_top),
        )
        units = Units(
            form,
            normalization=normalization,
            activation=activation,
            dropout=dropout,
            drop_path=drop_path,
            kernel_initializer=kernel_initializer,
        )
        x = scaled(image, form.preprocessing) if include_preprocessing else image
        x = family.trunk(x, units, **_own_options(family.trunk, options))
        if include_top:
            x = family.head(x, units, classes, **_own_options(family.head, options))
            x = parts.probabilities(x, classifier_activation)
        else:
            x = family.without_top(parts.pool(x, pooling), units)
        model = keras.Model(image, x, name=name)
        if isinstance(weights, str) and weights == "imagenet":
            return imagenet(model, self.peers["keras"], include_top, options)
        return with_weights(model, weights)

    def docstring(self):
        """Returns the documentation of the size's function."""
        family = self.family
        forms = " or ".join(f'`"{key}"`' for key in self.conventions)
        if len(self.conventions) > 1:
            forms += ". They differ in small ways such as padding, biases and epsilons, so that "
            forms += "the weights of one are for that one"
        words = {
            "imagenet": ', or `"imagenet"`' if "keras" in self.peers else "",
            "minimum": self.minimum(),
            "size": self.input_size,
            "channels": family.channels,
            "conventions": forms,
        }
        described = {key: text.format(**words) for key, text in SHARED.items()} | family.options
        arguments = [
            line
            for key in self.signature.parameters
            for line in _wrapped(f"{key}: {described[key]}", 4, 8)
        ]
        lines = [
            *_wrapped(f"Builds {self.name}: {self.about}.", 0, 0),
            "",
            *_wrapped(family.description, 0, 0),
            "",
            "Args:",
            *arguments,
            "",
            "Returns:",
            "    A `keras.Model` from float images `(batch, height, width, channels)` to",
            "    `(batch, classes)`; without the top to maps, or to what `pooling` makes of them.",
            "",
            "Raises:",
            "    ValueError: If an argument is out of range, the image too small, or the weights",
            "        are those of another network.",
            "",
            "Reference:",
            *_wrapped(family.reference, 4, 4),
        ]
        return "\n".join(lines)


def zero_based(template):
    """Returns a replacement for `Family.torch_names`: a template of a match's groups.

    `{0}` is the first group, and `{0-}` the same as a number less one, since blocks are counted
    from 1 here and from 0 there.
    """

    def replace(match):
        def group(field):
            value = match[int(field[1]) + 1]
            return str(int(value) - 1) if field[2] else value

        return re.sub(r"\{(\d)(-?)\}", group, template)

    return replace


def _own_options(function, options):
    """Returns those of the options that a function takes."""
    parameters = inspect.signature(function).parameters.values()
    names = {entry.name for entry in parameters if entry.kind is entry.KEYWORD_ONLY}
    return {key: value for key, value in options.items() if key in names}


def _wrapped(text, indent, further):
    """Returns the lines of a text, wrapped and indented."""
    return textwrap.wrap(
        " ".join(text.split()),
        width=96,
        initial_indent=" " * indent,
        subsequent_indent=" " * further,
        break_long_words=False,
        break_on_hyphens=False,
    )
