"""Models, one family per file, one function per size, found by name."""

from kerasbook import registry
from kerasbook.applications.alexnet import AlexNet, AlexNetOneColumn
from kerasbook.applications.all_convolutional import (
    AllConvolutionalA,
    AllConvolutionalB,
    AllConvolutionalC,
)
from kerasbook.applications.cifar_resnet import (
    ResNet20,
    ResNet32,
    ResNet44,
    ResNet56,
    ResNet110,
    SEResNet20,
    SEResNet32,
    SEResNet44,
    SEResNet56,
    SEResNet110,
)
from kerasbook.applications.convnext import (
    ConvNeXtBase,
    ConvNeXtLarge,
    ConvNeXtSmall,
    ConvNeXtTiny,
    ConvNeXtXLarge,
)
from kerasbook.applications.densenet import DenseNet121, DenseNet169, DenseNet201
from kerasbook.applications.efficientnet import (
    EfficientNetB0,
    EfficientNetB1,
    EfficientNetB2,
    EfficientNetB3,
    EfficientNetB4,
    EfficientNetB5,
    EfficientNetB6,
    EfficientNetB7,
)
from kerasbook.applications.efficientnet_v2 import EfficientNetV2S
from kerasbook.applications.feature_maps import FeatureMap, feature_maps, features
from kerasbook.applications.googlenet import GoogLeNet
from kerasbook.applications.inception_v3 import InceptionV3
from kerasbook.applications.information import ModelInfo, infos, model_info
from kerasbook.applications.keras_weights import from_keras
from kerasbook.applications.lenet5 import LeNet5
from kerasbook.applications.loading import load_model, save_weights
from kerasbook.applications.mlp import MLP
from kerasbook.applications.mobilenet import MobileNet
from kerasbook.applications.mobilenet_v2 import MobileNetV2
from kerasbook.applications.mobilenet_v3 import MobileNetV3Large, MobileNetV3Small
from kerasbook.applications.nin import NiN, NiNCifar
from kerasbook.applications.resnet import (
    ResNet18,
    ResNet34,
    ResNet50,
    ResNet101,
    ResNet152,
    WideResNet50_2,
    WideResNet101_2,
)
from kerasbook.applications.resnet_v2 import (
    ResNet50V2,
    ResNet101V2,
    ResNet152V2,
    ResNet164V2,
    ResNet1001V2,
)
from kerasbook.applications.resnext import ResNeXt50, ResNeXt101
from kerasbook.applications.se_resnet import (
    SEResNet18,
    SEResNet34,
    SEResNet50,
    SEResNet101,
    SEResNet152,
    SEResNeXt50,
    SEResNeXt101,
)
from kerasbook.applications.shufflenet import (
    ShuffleNetV1,
    ShuffleNetV1X0_5,
    ShuffleNetV1X1_5,
    ShuffleNetV1X2_0,
)
from kerasbook.applications.shufflenet_v2 import (
    ShuffleNetV2X0_5,
    ShuffleNetV2X1_0,
    ShuffleNetV2X1_5,
    ShuffleNetV2X2_0,
)
from kerasbook.applications.squeezenet import SqueezeNet1_0, SqueezeNet1_1
from kerasbook.applications.timm_weights import from_timm
from kerasbook.applications.vgg import (
    VGG11,
    VGG11BN,
    VGG13,
    VGG13BN,
    VGG16,
    VGG16BN,
    VGG19,
    VGG19BN,
)
from kerasbook.applications.wide_resnet import WideResNet16_2, WideResNet28_10
from kerasbook.applications.xception import Xception
from kerasbook.applications.zfnet import ZFNet
from kerasbook.arguments import positive_integer

__all__ = [
    "MLP",
    "VGG11",
    "VGG11BN",
    "VGG13",
    "VGG13BN",
    "VGG16",
    "VGG16BN",
    "VGG19",
    "VGG19BN",
    "AlexNet",
    "AlexNetOneColumn",
    "AllConvolutionalA",
    "AllConvolutionalB",
    "AllConvolutionalC",
    "ConvNeXtBase",
    "ConvNeXtLarge",
    "ConvNeXtSmall",
    "ConvNeXtTiny",
    "ConvNeXtXLarge",
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "EfficientNetB0",
    "EfficientNetB1",
    "EfficientNetB2",
    "EfficientNetB3",
    "EfficientNetB4",
    "EfficientNetB5",
    "EfficientNetB6",
    "EfficientNetB7",
    "EfficientNetV2S",
    "FeatureMap",
    "GoogLeNet",
    "InceptionV3",
    "LeNet5",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Large",
    "MobileNetV3Small",
    "ModelInfo",
    "NiN",
    "NiNCifar",
    "ResNeXt50",
    "ResNeXt101",
    "ResNet18",
    "ResNet20",
    "ResNet32",
    "ResNet34",
    "ResNet44",
    "ResNet50",
    "ResNet50V2",
    "ResNet56",
    "ResNet101",
    "ResNet101V2",
    "ResNet110",
    "ResNet152",
    "ResNet152V2",
    "ResNet164V2",
    "ResNet1001V2",
    "SEResNeXt50",
    "SEResNeXt101",
    "SEResNet18",
    "SEResNet20",
    "SEResNet32",
    "SEResNet34",
    "SEResNet44",
    "SEResNet50",
    "SEResNet56",
    "SEResNet101",
    "SEResNet110",
    "SEResNet152",
    "ShuffleNetV1",
    "ShuffleNetV1X0_5",
    "ShuffleNetV1X1_5",
    "ShuffleNetV1X2_0",
    "ShuffleNetV2X0_5",
    "ShuffleNetV2X1_0",
    "ShuffleNetV2X1_5",
    "ShuffleNetV2X2_0",
    "SqueezeNet1_0",
    "SqueezeNet1_1",
    "WideResNet16_2",
    "WideResNet28_10",
    "WideResNet50_2",
    "WideResNet101_2",
    "Xception",
    "ZFNet",
    "create_model",
    "feature_maps",
    "features",
    "from_keras",
    "from_timm",
    "list_models",
    "load_model",
    "model_info",
    "save_weights",
]


def list_models(pattern="*", *, family=None, task=None, max_parameters=None):
    """Returns the sorted names of the library's and the plug-ins' models.

    The tiny models for tests, one for each family, are listed only where the pattern ends in
    `"_test"`.

    Args:
        pattern: Wildcard pattern that the names must match, in any case.
        family: Name of the family that they must be of, e.g. `"resnet"`; `None` takes all.
        task: What they must do, e.g. `"classification"`; `None` takes all.
        max_parameters: The most weights that they may have; `None` takes all.

    Returns:
        List of strings, each a name for `create_model`.

    Raises:
        ValueError: If there is no such family or task, or `max_parameters` is no positive integer.

    Example:
        >>> kerasbook.applications.list_models("vgg1?", max_parameters=133_000_000)
        ['vgg11']
    """
    if not isinstance(pattern, str):
        raise ValueError(f"`pattern` must be a string. Received: pattern={pattern!r}")
    pattern = pattern.lower()
    names = registry.names("model", pattern)
    if not pattern.endswith("_test"):
        names = [name for name in names if not name.endswith("_test")]
    for argument, value in (("family", family), ("task", task)):
        if value is not None:
            known = {getattr(info, argument) for info in infos(registry.names("model"))}
            if not isinstance(value, str) or value not in known:
                raise ValueError(registry.unknown(argument, value, known))
            names = [info.name for info in infos(names) if getattr(info, argument) == value]
    if max_parameters is not None:
        positive_integer("max_parameters", max_parameters)
        names = [info.name for info in infos(names) if info.parameters <= max_parameters]
    return names


def create_model(name, /, **arguments):
    """Returns a new model by its name.

    Args:
        name: A name from `list_models`, in any case.
        **arguments: Arguments of the model's function, e.g. `classes` and `input_shape`.

    Returns:
        A `keras.Model`.

    Raises:
        ValueError: If there is no such model (the message lists the nearest names), or the
            model has no such argument.

    Example:
        >>> model = kerasbook.applications.create_model("lenet5", input_shape=(32, 32, 3))
        >>> model.output.shape
        (None, 10)
    """
    function = registry.get("model", str(name).lower())
    try:
        return function(**arguments)
    except TypeError as error:
        if "unexpected keyword argument" in str(error):
            raise ValueError(f"{error}. Received: arguments={arguments}") from error
        raise
