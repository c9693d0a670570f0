"""What a run says of its model at the end: test results, pictures, the worst mistakes."""

import numpy as np
import tensorflow as tf

from kerasbook.callbacks.epoch_log import read_log
from kerasbook.evaluation import accuracy_interval
from kerasbook.training.engine.task import Classifier
from kerasbook.training.input.pipeline import EVALUATION_BATCH
from kerasbook.visual import plot_confusion_matrix, plot_contact_sheet, plot_curves

MISTAKES_SHOWN = 30


def test_results(model, examples, preprocessing):
    """Predicts every example once.

    Returns:
        What `scores` returns.

    Raises:
        ValueError: If an example cannot be read; the message names it.
    """
    classifier = Classifier(model)

    @tf.function
    def step(images):
        return classifier(preprocessing.scale(images), training=False)

    rows, labels = [], []
    batches = examples.dataset.map(lambda image, label: (preprocessing.resize(image), label))
    with examples.explained():
        for images, batch_labels in batches.batch(EVALUATION_BATCH).prefetch(2):
            rows.append(step(images))
            labels.append(batch_labels)
    return scores(tf.concat(rows, 0).numpy(), tf.concat(labels, 0).numpy())


def scores(logits, labels):
    """Returns how good predictions are.

    Args:
        logits: Logits, or logarithms of probabilities, `(count, classes)`.
        labels: Numbers of the classes, `(count,)`.

    Returns:
        Dictionary of `loss`, `accuracy`, the accuracy's 95 % `interval` (a pair), `right`
        `(count,)` of booleans, `losses` `(count,)`, `probabilities` `(count, classes)` and
        `labels`.
    """
    logits = logits - logits.max(-1, keepdims=True)
    logarithms = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    losses = -np.take_along_axis(logarithms, labels[:, None], -1)[:, 0]
    right = logits.argmax(-1) == labels
    return {
        "loss": float(losses.mean()),
        "accuracy": float(right.mean()),
        "interval": accuracy_interval(right),
        "right": right,
        "losses": losses,
        "probabilities": np.exp(logarithms),
        "labels": labels,
    }


def write_pictures(folder, results, examples, class_names):
    """Writes the curves, the confusion matrix and the sheet of the worst mistakes."""
    plot_curves(read_log(folder.log), folder.curves)
    predicted, labels = results["probabilities"].argmax(-1), results["labels"]
    matrix = np.zeros((len(class_names),) * 2, int)
    np.add.at(matrix, (labels, predicted), 1)
    plot_confusion_matrix(matrix, class_names, folder.confusion_matrix)
    wrong = np.flatnonzero(predicted != labels)
    worst = wrong[np.argsort(-results["losses"][wrong], kind="stable")][:MISTAKES_SHOWN]
    images = images_at(examples, worst)
    captions = [
        f"{class_names[labels[i]]} taken for {class_names[predicted[i]]}\n"
        f"{results['probabilities'][i, predicted[i]]:.1%} sure"
        for i in worst
    ]
    title = f"The worst of {len(wrong)} mistakes in {len(labels):,} test images"
    plot_contact_sheet(images, captions, folder.mistakes, title=title)


def images_at(examples, places):
    """Returns the images at the given places of a split, in that order."""
    wanted = {int(place): None for place in places}
    for number, (image, _) in enumerate(examples.dataset.as_numpy_iterator()):
        if number in wanted:
            wanted[number] = image
    return list(wanted.values())
