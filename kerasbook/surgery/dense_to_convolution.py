"""Image classifiers whose dense layers become convolutions, for images of any size."""

import keras

from kerasbook import layers
from kerasbook.layers.regularization.dropout import Dropout
from kerasbook.surgery.rebuilding import config_of

# Of a number by itself, so that they may also stand between the flattening and a dense layer.
ELEMENTWISE = (
    keras.layers.AlphaDropout,
    keras.layers.Dropout,
    keras.layers.ELU,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.Identity,
    keras.layers.LeakyReLU,
    keras.layers.ReLU,
    Dropout,
)
# Of all channels, which `axis` names where there is one.
OF_CHANNELS = (
    keras.layers.Activation,
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    keras.layers.RMSNormalization,
    keras.layers.Softmax,
)


def dense_to_convolution(model, *, average=False):
    """Returns a classifier of images of one size as a convolution over images of any size.

    The first `Dense` layer after `Flatten` becomes a `Conv2D` whose kernel has the size of the
    feature map, each further one a 1 x 1 convolution, with the same weights and names; a softmax
    is taken over the channels, and `Flatten` becomes an identity. An image of the model's own
    size gives one place with the model's scores. A larger one gives them for every crop of that
    size, moved by the total stride, in one pass, which computes what the crops share once: with
    a total stride of 32 a model of 224 pixels has 6 x 6 places on 384 pixels.

    Place `(i, j)` equals the model on the crop at `stride * (i, j)` exactly if no layer pads, and
    none looks at the whole feature map. With `padding="same"` a crop ends in zeros where the
    larger image goes on, so that scores differ by what the borders contribute; only an image
    of the model's own size then gives equal scores.

    Args:
        model: A built functional or `keras.Sequential` model from one image `(height, width,
            channels)` of static size, with the channels last, to one tensor of scores. After
            `Flatten` it may hold `Dense`, activations, dropout, noise, and batch, layer or
            root-mean-square normalization after a `Dense`; before it any layers that take images
            of any size.
        average: Whether to return the mean of the scores over the places, `(batch, classes)`.

    Returns:
        A new functional `keras.Model` from `(batch, height, width, channels)`, the sizes open, to
        `(batch, rows, columns, classes)`. It is not compiled and shares no variable with `model`,
        which does not change. Constraints of kernels are left out: theirs are axes of a matrix.

    Raises:
        ValueError: If the model is of another kind, or has a layer that cannot be kept; the
            message names it. A model with global pooling in place of `Flatten` needs no surgery.

    Example:
        >>> model = kerasbook.applications.LeNet5()
        >>> wide = kerasbook.surgery.dense_to_convolution(model)
        >>> tuple(wide(np.zeros((1, 36, 40, 1), "float32")).shape)
        (1, 3, 4, 10)
        >>> wide.count_params() == model.count_params()
        True

    Reference:
        Sermanet et al., 2014 (OverFeat), section 3.5, https://arxiv.org/abs/1312.6229; Long et
        al., 2015, section 3.1, https://arxiv.org/abs/1411.4038
    """
    if not isinstance(average, bool):
        raise ValueError(f"`average` must be True or False. Received: average={average!r}")
    shape = _image_shape(model)
    conversion = _Conversion(model)
    image = keras.Input((None, None, shape[-1]), dtype=model.inputs[0].dtype, name="image")
    scores = conversion.run(image)
    if average:
        scores = keras.layers.GlobalAveragePooling2D(name="mean_scores", dtype=scores.dtype)(scores)
    return keras.Model(image, scores, name=model.name)


def _image_shape(model):
    """Returns the shape of a model's images, or raises if it is no classifier with `Flatten`."""
    config_of(model)  # raises if it has none that can be changed
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4 or None in shapes[0][1:] or len(model.outputs) != 1:
        raise ValueError(
            "`model` must have one input (batch, height, width, channels) of static size and one "
            f"output. Received: inputs of shapes {shapes}, {len(model.outputs)} outputs"
        )
    for layer in model.layers:
        if getattr(layer, "data_format", None) == "channels_first":
            raise _unsupported(layer, "it has the channels first")
    if not any(isinstance(layer, keras.layers.Flatten) for layer in model.layers):
        pooling = [layer.name for layer in model.layers if "Global" in type(layer).__name__]
        raise ValueError(
            "`model` must have a `Flatten` layer of its own; with global pooling a model takes "
            f"images of any size as it is. Received: model={model.name!r}, "
            f"layers of global pooling={pooling}"
        )
    return shapes[0]


class _Conversion:
    """Calls the copies of a model's layers on an image of open size, dense ones converted."""

    def __init__(self, model):
        self.model = model
        self.originals = {}  # from the identity of a copy
        self.converted = {}  # from the name of a dense layer
        # From the identity of a tensor after `Flatten` to the feature map's size, as long as it
        # still has that size, or to `None`. The tensors are kept, so that none takes another's.
        self.flat, self.kept = {}, []

    def run(self, image):
        """Returns the scores of an image."""
        if isinstance(self.model, keras.Sequential):
            scores, shape = image, self.model.inputs[0].shape
            for layer in self.model.layers:
                scores = self.call(self.copy(layer), scores, feature_shape=shape)
                shape = layer.compute_output_shape(shape)
        else:
            copy = keras.models.clone_model(
                self.model,
                input_tensors=image if self._is_bare() else [image],
                clone_function=self.copy,
                call_function=self.call,
            )
            scores = copy.outputs[0]
        if self.flat.get(id(scores), 0) is not None:
            raise ValueError(
                "`model` must end in the scores of a `Dense` layer after `Flatten`. "
                f"Received: model={self.model.name!r}, last layer={self.model.layers[-1].name!r}"
            )
        return scores

    def _is_bare(self):
        """Tells whether the input is a tensor, not a list of one."""
        return not isinstance(self.model.input, (list, tuple))

    def copy(self, layer):
        """Returns a new layer like a model's, its size open if it is a model."""
        if isinstance(layer, keras.Model) and len(getattr(layer, "inputs", None) or ()) == 1:
            channels = layer.inputs[0].shape[-1]
            image = keras.Input((None, None, channels), dtype=layer.inputs[0].dtype)
            copy = keras.models.clone_model(layer, image)
        else:
            copy = type(layer).from_config(layer.get_config())
        self.originals[id(copy)] = layer
        return copy

    def call(self, copy, *args, feature_shape=None, **kwargs):
        """Calls a copied layer, or what stands for it."""
        layer = self.originals[id(copy)]
        inputs = args[0] if args else None
        self.kept.append(inputs)
        if id(inputs) in self.flat and len(args) == 1:
            size = self.flat[id(inputs)]
            outputs, size = self._after_flatten(layer, copy, inputs, size)
            return self._mark(outputs, size)
        if any(id(tensor) in self.flat for tensor in keras.tree.flatten((args, kwargs))):
            raise _unsupported(layer, "after `Flatten` it has several inputs")
        if isinstance(layer, keras.layers.Flatten):
            size = self._feature_size(layer, inputs, feature_shape)
            # A tensor of its own: others may go on with the feature map.
            return self._mark(keras.layers.Identity(name=layer.name)(inputs), size)
        try:
            outputs = copy(*args, **kwargs)
        except Exception as error:
            raise _unsupported(layer, f"it takes no images of open size ({error})") from error
        _copy_weights(layer, copy)
        return outputs

    def _mark(self, tensor, size):
        self.kept.append(tensor)
        self.flat[id(tensor)] = size
        return tensor

    def _feature_size(self, layer, inputs, shape):
        """Returns height and width of the feature map that is flattened."""
        try:
            shape = tuple(shape or layer.input.shape)
        except (AttributeError, ValueError) as error:
            raise _unsupported(layer, "it is called in several places") from error
        if len(inputs.shape) != 4 or inputs.shape[1:3] != (None, None):
            raise _unsupported(
                layer,
                f"its inputs {shape} are no feature map whose size follows the image's, "
                f"but {tuple(inputs.shape)}",
            )
        return shape[1:3]

    def _after_flatten(self, layer, copy, inputs, size):
        """Returns the outputs of a layer of the head, and the size as it is then."""
        if type(layer) is keras.layers.Dense:
            return self._convolve(layer, inputs, size or (1, 1)), None
        if isinstance(layer, ELEMENTWISE):
            return copy(inputs), size
        if size is not None or not isinstance(layer, OF_CHANNELS):
            place = "between `Flatten` and `Dense`" if size else "after `Flatten`"
            raise _unsupported(layer, f"it stands {place}")
        config = layer.get_config()
        if "axis" in config:
            copy = type(layer).from_config({**config, "axis": -1})
        outputs = copy(inputs)
        _copy_weights(layer, copy)
        return outputs, None

    def _convolve(self, layer, inputs, size):
        """Returns the outputs of the convolution that stands for a dense layer."""
        if layer.dtype_policy.quantization_mode is not None:
            raise _unsupported(layer, "it is quantized")
        if layer.name not in self.converted:
            convolution = layers.Conv2D(
                layer.units,
                size,
                activation=layer.activation,
                use_bias=layer.use_bias,
                kernel_regularizer=layer.kernel_regularizer,
                bias_regularizer=layer.bias_regularizer,
                activity_regularizer=layer.activity_regularizer,
                bias_constraint=layer.bias_constraint,
                data_format="channels_last",
                trainable=layer.trainable,
                dtype=layer.dtype_policy,
                name=layer.name,
            )
            convolution.build(inputs.shape)
            # `Flatten` counts row by row, the channels fastest, and so do a kernel's axes.
            kernel = keras.ops.reshape(layer.kernel, convolution.kernel.shape)
            convolution.kernel.assign(kernel)
            if layer.use_bias:
                convolution.bias.assign(layer.bias)
            self.converted[layer.name] = convolution
        return self.converted[layer.name](inputs)


def _copy_weights(layer, copy):
    if getattr(layer, "weights", None):
        copy.set_weights(layer.get_weights())


def _unsupported(layer, reason):
    return ValueError(
        f"The layer {layer.name!r} of class {type(layer).__name__} cannot be kept: {reason}."
    )
