"""Writes a SavedModel with three signatures, and proves it before it says so.

`serving_default` takes float images as the model does, `image_bytes` takes the files
themselves, and `tf_example` serialized `tf.train.Example`s. All return the probabilities of
every class, and the names and scores of the best.
"""

import os
import pathlib
import shutil
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from kerasbook.ops.backend import require_tensorflow
from kerasbook.serving.preprocessing import Preprocessing

EXAMPLE_KEY = "image"
_MUST_COMPILE = "_XlaMustCompile"

Signature = Callable[[Any], dict[str, tf.Tensor]]


def export(
    model: keras.Model,
    path: str | os.PathLike[str],
    *,
    class_names: Iterable[str] | None = None,
    preprocessing: Preprocessing | None = None,
    images: np.ndarray | None = None,
    top_k: int = 5,
    overwrite: bool = False,
) -> float:
    """Exports an image classifier for serving and checks the result against `predict`.

    What is written is loaded again, run on images, and compared with `model.predict`, before
    anything appears under `path`: a failed export leaves nothing behind, and what stood there
    stays. Random layers are off. A graph that Keras marked as compilable by XLA only (a grouped
    convolution of its own) is freed of the mark, so that every server can run it.

    Args:
        model: A `keras.Model` from float images `(batch, height, width, channels)`, with a
            static image shape, to probabilities `(batch, classes)`, or to logits, which then
            become probabilities.
        path: Folder to write; must not exist unless `overwrite`.
        class_names: Names of the classes in order; `None` takes "0", "1", ...
        preprocessing: The `Preprocessing` that turns pixels into the model's inputs; `None`
            scales to [0, 1].
        images: Real images to compare on, uint8 `(count, height, width, channels)`; `None`
            takes handwritten digits from the embedded dataset, resized.
        top_k: Number of best classes to name, at most as many as there are.
        overwrite: Whether to replace a SavedModel or an empty folder at `path`, at the very end.

    Returns:
        The greatest absolute difference between a served and a predicted probability.

    Raises:
        ValueError: If the model is no image classifier, an argument does not fit it, or the
            served probabilities differ from the predicted ones.
        FileExistsError: If `path` exists and `overwrite` is `False`, or it is something else than a
            SavedModel.
    """
    require_tensorflow("Export")
    path = pathlib.Path(path).resolve()
    height, width, channels = _image_shape(model)
    if not isinstance(preprocessing, Preprocessing | None):
        raise ValueError(
            f"`preprocessing` must be a Preprocessing or None. Received: {preprocessing!r}"
        )
    preprocessing = preprocessing or Preprocessing(height, width, channels)
    if preprocessing.shape != (height, width, channels):
        raise ValueError(
            f"`preprocessing` must give images of the model's shape {(height, width, channels)}. "
            f"Received: preprocessing={preprocessing}"
        )
    classes = model.outputs[0].shape[-1]
    names = [str(i) for i in range(classes)] if class_names is None else list(map(str, class_names))
    if len(names) != classes:
        raise ValueError(
            f"`class_names` must hold one name for each of the {classes} classes. "
            f"Received: {len(names)} names"
        )
    if not isinstance(top_k, int) or top_k < 1:
        raise ValueError(f"`top_k` must be a positive integer. Received: top_k={top_k!r}")
    _check_place(path, overwrite)
    images = embedded_images(preprocessing) if images is None else np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[::3] != (len(images), channels):
        raise ValueError(
            f"`images` must be uint8 (count, height, width, {channels}). "
            f"Received: {images.dtype} {images.shape}"
        )
    if not len(images):
        raise ValueError("`images` must hold at least one image. Received: none")
    pixels = preprocessing.resize(tf.constant(images))
    inputs = preprocessing.scale(pixels)
    outputs = model.predict(inputs, verbose=0)
    probabilities = to_probabilities(outputs)
    half = any(layer.compute_dtype in ("float16", "bfloat16") for layer in [model, *model.layers])
    tolerance = 2e-2 if half else 1e-4
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        _write(model, probabilities, draft, names, preprocessing, min(top_k, classes))
        _free_from_xla(draft)
        expected = probabilities(outputs).numpy()
        difference = _compare(expected, draft, inputs, pixels, tolerance)
        _move(draft, path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return difference


def load(path: str | os.PathLike[str]) -> dict[str, Signature]:
    """Loads an exported SavedModel.

    Returns:
        Dictionary from the names of the signatures to functions of one array, each returning a
        dictionary of tensors. They raise a `ValueError` for an array of another shape or kind.

    Raises:
        FileNotFoundError: If there is no SavedModel at `path`.
    """
    if not (pathlib.Path(path) / "saved_model.pb").is_file():
        raise FileNotFoundError(f"`path` must hold a SavedModel. Received: path={str(path)!r}")
    loaded = tf.saved_model.load(str(path))

    def caller(name: str) -> Signature:
        def call(inputs: Any) -> dict[str, tf.Tensor]:
            # Through `loaded`, because a signature alone does not keep its variables alive.
            signature = loaded.signatures[name]
            [(argument, spec)] = signature.structured_input_signature[1].items()
            tensor = tf.convert_to_tensor(inputs)
            kind = (tensor.dtype == tf.string) == (spec.dtype == tf.string)
            if not kind or not spec.shape.is_compatible_with(tensor.shape):
                raise ValueError(
                    f"The signature {name!r} takes {spec.dtype.name} of shape {spec.shape}. "
                    f"Received: {tensor.dtype.name} of shape {tensor.shape}"
                )
            return signature(**{argument: tf.cast(tensor, spec.dtype)})

        return call

    return {name: caller(name) for name in loaded.signatures}


def _check_place(path: pathlib.Path, overwrite: bool) -> None:
    if not path.exists():
        return
    if not overwrite:
        raise FileExistsError(
            "`path` must be new, unless a SavedModel is to be overwritten. "
            f"Received: path={str(path)!r}"
        )
    replaceable = path.is_dir() and ((path / "saved_model.pb").is_file() or not any(path.iterdir()))
    if not replaceable:
        raise FileExistsError(
            "`path` must be a SavedModel or an empty folder to be overwritten. "
            f"Received: path={str(path)!r}"
        )


def _image_shape(model: keras.Model) -> tuple[int, ...]:
    shapes = [tuple(i.shape) for i in getattr(model, "inputs", None) or []]
    if len(shapes) != 1 or len(shapes[0]) != 4 or None in shapes[0][1:]:
        raise ValueError(
            "`model` must have one input (batch, height, width, channels) of static size; a "
            "subclassed model gets one when it is wrapped in keras.Model(image, model(image)). "
            f"Received: inputs={shapes}"
        )
    if len(model.outputs) != 1 or len(model.outputs[0].shape) != 2:
        raise ValueError(
            "`model` must have one output (batch, classes). "
            f"Received: outputs={[tuple(o.shape) for o in model.outputs]}"
        )
    return shapes[0][1:]


def to_probabilities(outputs: np.ndarray) -> Callable[[Any], tf.Tensor]:
    """Returns the function from a model's outputs to probabilities: nothing, or a softmax.

    Predicted `outputs` in [0, 1] are probabilities, of classes or of labels; others are logits.

    Raises:
        ValueError: If there is one output only, and it is no probability.
    """
    if np.all((outputs >= 0) & (outputs <= 1)):
        return lambda values: tf.cast(values, tf.float32)
    if outputs.shape[-1] == 1:
        raise ValueError(
            "`model` must return probabilities, or the logits of two or more classes. "
            f"Received: one output, {float(np.ravel(outputs)[0]):.3g} for the first image"
        )
    return lambda values: tf.nn.softmax(tf.cast(values, tf.float32))


def _write(
    model: keras.Model,
    probabilities: Callable[[Any], tf.Tensor],
    folder: pathlib.Path,
    class_names: list[str],
    preprocessing: Preprocessing,
    top_k: int,
) -> None:
    names = tf.constant(class_names)

    def answer(images: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = probabilities(model(images, training=False))
        scores, best = tf.math.top_k(rows, top_k)
        return {"probabilities": rows, "classes": tf.gather(names, best), "scores": scores}

    def from_files(files: tf.Tensor) -> dict[str, tf.Tensor]:
        pixels = tf.map_fn(
            preprocessing.decode,
            files,
            fn_output_signature=tf.TensorSpec(preprocessing.shape, tf.uint8),
        )
        return answer(preprocessing.scale(pixels))

    def from_examples(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        features = {EXAMPLE_KEY: tf.io.FixedLenFeature([], tf.string)}
        return from_files(tf.io.parse_example(examples, features)[EXAMPLE_KEY])

    archive = keras.export.ExportArchive()
    archive.track(model)
    image_spec = tf.TensorSpec((None, *preprocessing.shape), tf.float32, "images")
    archive.add_endpoint("serving_default", answer, [image_spec])
    archive.add_endpoint("image_bytes", from_files, [tf.TensorSpec([None], tf.string, "files")])
    archive.add_endpoint(
        "tf_example", from_examples, [tf.TensorSpec([None], tf.string, "examples")]
    )
    archive.write_out(str(folder), verbose=False)


def _free_from_xla(folder: pathlib.Path) -> None:
    """Takes the mark off functions that only XLA may run; `_compare` then proves them right."""
    file = folder / "saved_model.pb"
    content = file.read_bytes()
    if _MUST_COMPILE.encode() not in content:
        return
    saved_model = saved_model_pb2.SavedModel.FromString(content)
    for meta_graph in saved_model.meta_graphs:
        library = meta_graph.graph_def.library
        nodes = [*meta_graph.graph_def.node, *(n for f in library.function for n in f.node_def)]
        for holder in (*library.function, *nodes):
            holder.attr.pop(_MUST_COMPILE, None)
    file.write_bytes(saved_model.SerializeToString())


def _compare(
    expected: np.ndarray,
    folder: pathlib.Path,
    inputs: tf.Tensor,
    pixels: tf.Tensor,
    tolerance: float,
) -> float:
    """Returns how far any signature's probabilities are from the expected; raises if far."""
    signatures = load(folder)
    files = tf.stack([tf.io.encode_png(image) for image in pixels])
    examples = tf.constant([_example(file) for file in files.numpy()])
    greatest = 0.0
    for name, argument in (
        ("serving_default", inputs),
        ("image_bytes", files),
        ("tf_example", examples),
    ):
        for count in (len(expected), 1):  # the batch is dynamic
            served = signatures[name](argument[:count])["probabilities"].numpy()
            difference = float(np.max(np.abs(served - expected[:count])))
            if not difference <= tolerance:
                raise ValueError(
                    f"The signature {name!r} must give the model's probabilities to {tolerance}. "
                    f"Received: a difference of {difference}"
                )
            greatest = max(greatest, difference)
    return greatest


def _example(file: bytes) -> bytes:
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[file]))
    features = tf.train.Features(feature={EXAMPLE_KEY: feature})
    return tf.train.Example(features=features).SerializeToString()


def embedded_images(preprocessing: Preprocessing) -> np.ndarray:
    """Returns sixteen handwritten digits in the model's shape."""
    from kerasbook.data import read_digits

    images = np.repeat(read_digits("test", 16)[0], preprocessing.channels, axis=-1)
    return preprocessing.resize(tf.constant(images)).numpy()


def _move(draft: pathlib.Path, path: pathlib.Path) -> None:
    """Renames the finished draft to its place, keeping what stood there until then."""
    previous = path.with_name(f".{path.name}.{os.getpid()}.previous")
    if path.exists():
        path.rename(previous)
    try:
        draft.rename(path)
    except OSError:
        if previous.exists():
            previous.rename(path)
        raise
    shutil.rmtree(previous, ignore_errors=True)
