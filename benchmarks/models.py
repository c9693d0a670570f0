"""Train step and inference of whole models, beside `keras.applications` and timm.

    python benchmarks/models.py [--pairs N] [NAME ...]

96 x 96 pixels, 16 images, float32; a train step is forward, cross-entropy, backward and an update
by SGD with momentum. timm (torchvision where timm has no such network) runs in channels-last
format. Grouped networks have a rival more: the very same network made of Keras' own layers. Our
models run once more in `mixed_bfloat16`, for the advice on precision. Inference of ours is given
once more with the batch normalizations folded.
"""

import argparse
import contextlib
import json
import os
import sys
import warnings

import keras
import numpy as np
import tensorflow as tf
from paired import RECORDS, compare_with_all, in_turn, write_record

from kerasbook import layers, registry, surgery
from kerasbook.applications import create_model

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tests"))

SIZE, BATCH, CLASSES = 96, 16, 1000
NAMES = (
    *("resnet18", "resnet50", "resnet50v2", "wideresnet50_2", "resnext50", "seresnet50"),
    *("densenet121", "vgg16", "googlenet", "inceptionv3", "xception"),
    *("mobilenet", "mobilenetv2", "mobilenetv3large", "mobilenetv3small"),
    *("efficientnetb0", "efficientnetv2s", "convnexttiny"),
    *("shufflenetv1", "shufflenetv2x1_0", "squeezenet1_1"),
)
GROUPED = {"resnext50", "shufflenetv1"}
# What Keras has under the same name, with the same arguments.
REPLACED = {
    layers.Conv2D: keras.layers.Conv2D,
    layers.DepthwiseConv2D: keras.layers.DepthwiseConv2D,
    layers.BatchNormalization: keras.layers.BatchNormalization,
}


def of_keras_layers(model):
    """Returns the same network made of Keras' own layers."""

    def clone(layer):
        kind = REPLACED.get(type(layer), type(layer))
        taken = kind.__init__.__code__.co_varnames
        config = {k: v for k, v in layer.get_config().items() if k in (*taken, "name", "dtype")}
        return kind.from_config(config if kind is not type(layer) else layer.get_config())

    return keras.models.clone_model(model, clone_function=clone)


def keras_steps(model, images, labels):
    """Returns the train step and the inference of a Keras model that gives logits."""
    optimizer = keras.optimizers.SGD(1e-4, momentum=0.9)
    optimizer.build(model.trainable_variables)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    images, labels = tf.constant(images), tf.constant(labels)

    @tf.function
    def train():
        with tf.GradientTape() as tape:
            loss = loss_of(labels, model(images, training=True))
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    @tf.function
    def infer():
        return model(images, training=False)

    return {"train": lambda: train().numpy(), "inference": lambda: infer().numpy()}


def torch_steps(module, images, labels):
    """Returns the train step and the inference of a torch network."""
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    module = module.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(module.parameters(), 1e-4, momentum=0.9)
    loss_of = torch.nn.CrossEntropyLoss()
    x = torch.tensor(images).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    y = torch.tensor(labels).long()

    def train():
        module.train()
        optimizer.zero_grad()
        loss = loss_of(module(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    def infer():
        module.eval()
        with torch.inference_mode():
            return module(x).numpy()

    return {"train": train, "inference": infer}


def torch_module(peers):
    """Returns the network of timm or torchvision, or `None`."""
    with contextlib.suppress(ImportError):
        import torch  # noqa: F401  before what would skip a test without it
        import torch_peers
        import torchvision

        if "timm" in peers:
            return torch_peers.timm.create_model(peers["timm"], num_classes=CLASSES)
        if "torchvision" in peers:
            make = getattr(torchvision.models, peers["torchvision"])
            options = {"aux_logits": False} if peers["torchvision"] == "googlenet" else {}
            return make(weights=None, init_weights=True, **options) if options else make()
    return None


def rivals(name, images, labels):
    """Returns a dictionary from each rival's name, "kerasbook" first, to its two steps."""
    arguments = {"input_shape": (SIZE, SIZE, 3), "classes": CLASSES, "classifier_activation": None}
    model = create_model(name, **arguments)
    steps = {"kerasbook": keras_steps(model, images, labels)}
    with contextlib.suppress(ValueError):
        folded = surgery.fold_batch_norm(model)
        steps["folded"] = {"inference": keras_steps(folded, images, labels)["inference"]}
    keras.config.set_dtype_policy("mixed_bfloat16")
    steps["bfloat16"] = keras_steps(create_model(name, **arguments), images, labels)
    keras.config.set_dtype_policy("float32")
    peers = registry.get("model", name).size.peers
    if "keras" in peers:
        theirs = getattr(keras.applications, peers["keras"])(weights=None, **arguments)
        steps["keras.applications"] = keras_steps(theirs, images, labels)
    if name in GROUPED:
        steps["Keras layers"] = keras_steps(of_keras_layers(model), images, labels)
    module = torch_module(peers)
    if module is not None:
        steps["torch"] = torch_steps(module, images, labels)
    return steps


def rows_of(name, pairs):
    """Times the two steps of a model and returns two rows of the record."""
    generator = np.random.default_rng(0)
    images = generator.normal(size=(BATCH, SIZE, SIZE, 3)).astype("float32")
    labels = generator.integers(0, CLASSES, BATCH)
    steps = rivals(name, images, labels)
    for kind in ("train", "inference"):
        functions = {key: found[kind] for key, found in steps.items() if kind in found}
        seconds = in_turn(functions, pairs)
        yield compare_with_all(f"{name}, {kind}", seconds, model=name, step=kind)
    keras.backend.clear_session()


def rows_before():
    file = RECORDS / "models.json"
    return json.loads(file.read_text())["rows"] if file.exists() else []


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME")
    parser.add_argument("--pairs", type=int, default=9)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    rows = rows_before()
    for name in arguments.names:
        new = list(rows_of(name, arguments.pairs))
        rows = [row for row in rows if row["model"] != name] + new
        rows.sort(key=lambda row: NAMES.index(row["model"]) if row["model"] in NAMES else 99)
        write_record("models", rows, packages=("torch", "timm"), size=SIZE, batch=BATCH)


if __name__ == "__main__":
    main()
