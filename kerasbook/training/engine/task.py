"""What a step optimises: a classifier with its cross-entropy, or a model as Keras compiled it.

A task measures one part of a global batch, on one replica. What it returns adds up over parts
and replicas to the numbers of the whole batch, so that the loss of a step is the mean over all its
examples, whatever the parts. Fillers, of weight 0, count nowhere.
"""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import tensorflow as tf


class Classifier:
    """A model seen as a classifier: logits where they can be had, a loss, and the accuracy.

    Args:
        model: A `keras.Model` whose outputs are probabilities `(batch, classes)`, or logits, if its
            last layer is linear.
        label_smoothing: Share of the target spread over all classes.
    """

    num_sums = 3
    as_keras = False

    def __init__(self, model: keras.Model, label_smoothing: float = 0.0) -> None:
        self.model = model
        self.classes = model.outputs[0].shape[-1]
        self.label_smoothing = label_smoothing
        last = model.layers[-1]
        activation = getattr(last, "activation", None)
        softmax = activation is keras.activations.softmax
        self.gives_logits = activation is keras.activations.linear
        self._network = model
        if softmax and isinstance(last, keras.layers.Activation):
            # Sharing all variables with the model, it stops short of the softmax.
            self._network = keras.Model(model.inputs, last.input)
            self.gives_logits = True

    def __call__(self, images: tf.Tensor, training: bool) -> tf.Tensor:
        """Returns logits, or logarithms of probabilities, which serve as well; not in halves."""
        outputs = self._network(images, training=training)
        if outputs.dtype != tf.float64:
            outputs = tf.cast(outputs, tf.float32)
        if self.gives_logits:
            return outputs
        return tf.math.log(tf.maximum(outputs, tf.cast(1e-7, outputs.dtype)))

    def measure(
        self,
        images: tf.Tensor,
        labels: tf.Tensor,
        weights: tf.Tensor,
        total: tf.Tensor,
        *,
        parts: int,
        training: bool,
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Measures one part of a batch.

        Args:
            images: Float tensor `(n, height, width, channels)`.
            labels: Numbers of classes `(n,)`, or shares of the classes `(n, classes)`.
            weights: 1 for examples, 0 for fillers, `(n,)`.
            total: Number of examples in the whole batch, over all parts.
            parts: Number of parts of the batch, over all replicas.
            training: Whether to train: with label smoothing and the model's own losses.

        Returns:
            The part's share of the batch's loss; its sums (losses, right answers, examples), of
            shape `(3,)`; and the logits.
        """
        logits = self(images, training)
        weights = tf.cast(weights, logits.dtype)
        total = tf.cast(total, logits.dtype)
        losses = self.losses(logits, labels, self.label_smoothing if training else 0.0)
        loss = tf.reduce_sum(losses * weights) / total
        if training:
            loss += tf.cast(self.penalties(), loss.dtype) / parts
        right = tf.cast(self.right(logits, labels), logits.dtype)
        sums = tf.stack([loss * total, tf.reduce_sum(right * weights), tf.reduce_sum(weights)])
        return loss, sums, logits

    def losses(self, logits: tf.Tensor, labels: tf.Tensor, smoothing: float = 0.0) -> tf.Tensor:
        """Returns the cross-entropy of each example, `(batch,)`.

        Labels are numbers of classes `(batch,)`, or shares of the classes `(batch, classes)`.
        """
        shares = len(labels.shape) == 2
        if not smoothing and not shares:
            return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        targets = tf.cast(labels, logits.dtype) if shares else self._one_hot(labels, logits.dtype)
        targets = targets * (1 - smoothing) + smoothing / self.classes
        return tf.nn.softmax_cross_entropy_with_logits(targets, logits)

    def _one_hot(self, labels: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
        return tf.one_hot(labels, self.classes, dtype=dtype)

    @staticmethod
    def right(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Returns 1 where the greatest logit is at the label, or at its greatest share."""
        if len(labels.shape) == 2:
            labels = tf.argmax(labels, -1)
        return tf.cast(tf.argmax(logits, -1) == labels, tf.float32)

    def penalties(self) -> tf.Tensor:
        """Returns the sum of the model's own losses, such as regularizers."""
        return _sum_of(self._network.losses)

    def results(self, totals: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the mean loss and the accuracy of what the totals hold."""
        return {"loss": totals[0] / totals[2], "accuracy": totals[1] / totals[2]}


class CompiledModel:
    """A model with the loss and the metrics that `model.compile` gave it.

    The model's `compute_loss` and `compute_metrics` are called, overridden or not; its
    `train_step` is not. An override returns the loss of the examples that it is given, as on one
    replica; fillers among them have weight 0 in `sample_weight`. Moving averages of the weights
    are kept where Keras keeps them. Losses are means over examples or sums, as their `reduction`
    says. A mean over masked or weighted values (`mean_with_sample_weight`) is taken in each part,
    and weighs by the part's examples.

    Args:
        model: The compiled `keras.Model`.
        mixes_fillers: Whether fillers may stand among the examples of a part. Where a part is
            all examples or all fillers, masked losses of sequences need no weights.

    Raises:
        ValueError: If the model is not compiled, or trains in a way of its own.
    """

    num_sums = 2
    as_keras = True

    def __init__(self, model: keras.Model, *, mixes_fillers: bool = False) -> None:
        if not model.compiled:
            raise ValueError("`model` must be compiled. Received: a model without `compile`")
        for name in ("train_step", "test_step"):
            if getattr(type(model), name) is not getattr(keras.Model, name):
                raise ValueError(
                    f"`model` must leave `{name}` to the engine; `compute_loss` and "
                    f"`compute_metrics` may be overridden. Received: {type(model).__name__}"
                )
        if model.run_eagerly:
            raise ValueError("`model` must be compiled with run_eagerly=False. Received: True")
        self.model = model
        self._mixes_fillers = mixes_fillers
        self._sums_losses = _reduction(model) == "sum"

    def measure(
        self,
        inputs: Any,
        targets: tuple[Any, ...],
        weights: tf.Tensor,
        total: tf.Tensor,
        *,
        parts: int,
        training: bool,
    ) -> tuple[tf.Tensor, tf.Tensor, Any]:
        """Measures one part of a batch.

        Args:
            inputs: What the model takes.
            targets: Tuple of the targets and, maybe, the weights of the examples `(n,)`.
            weights: 1 for examples, 0 for fillers, `(n,)`.
            total: Number of examples in the whole batch, over all parts.
            parts: Number of parts of the batch, over all replicas.
            training: Whether to train.

        Returns:
            The part's share of the batch's loss; its sums (losses and examples), of shape
            `(2,)`; and the model's outputs.
        """
        outputs = self.model(inputs, training=training)
        own = _sum_of(self.model.losses)
        given = targets[1] if len(targets) > 1 else None
        if self._mixes_fillers:
            given = _product(*targets[1:], weights)
        loss = self._loss(inputs, targets[0], outputs, given, training)
        loss, own = loss - tf.cast(own, loss.dtype), tf.cast(own, loss.dtype)
        total = tf.cast(total, loss.dtype)
        count = tf.cast(tf.reduce_sum(weights), loss.dtype)
        if self._sums_losses:
            loss *= tf.cast(count > 0, loss.dtype)
        elif self._mixes_fillers:
            # A mean over this part, to which its fillers add zeros.
            loss *= tf.cast(tf.shape(weights)[0], loss.dtype) / total
        else:
            loss *= count / total
        loss += own / parts
        return loss, tf.stack([loss * total, count]), outputs

    def _loss(
        self, inputs: Any, targets: Any, outputs: Any, weights: tf.Tensor | None, training: bool
    ) -> tf.Tensor:
        """Returns the loss of this part as on one replica, the model's own losses included."""
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        keras_loss = keras.Model.compute_loss

        def compute_loss(model: keras.Model, *args: Any, **kwargs: Any) -> tf.Tensor:
            # Keras divides a mean, and the model's own losses always, by the replicas.
            loss = keras_loss(model, *args, **kwargs)
            if not self._sums_losses:
                return loss * replicas
            return loss + tf.cast(_sum_of(model.losses), loss.dtype) * (1 - 1 / replicas)

        with _replaced(keras.Model, "compute_loss", compute_loss):  # for overrides that call it
            return self.model.compute_loss(
                x=inputs, y=targets, y_pred=outputs, sample_weight=weights, training=training
            )

    def observe(
        self, inputs: Any, targets: tuple[Any, ...], weights: tf.Tensor, outputs: Any
    ) -> None:
        """Updates the model's metrics with the examples of a part that are no fillers."""
        rows = tf.where(weights > 0)[:, 0]
        inputs, targets, outputs = keras.tree.map_structure(
            lambda values: tf.gather(values, rows), (inputs, targets, outputs)
        )
        self.model.compute_metrics(
            x=inputs,
            y=targets[0],
            y_pred=outputs,
            sample_weight=targets[1] if len(targets) > 1 else None,
        )

    def results(self, totals: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the mean loss of what the totals hold, and the metrics."""
        metrics = self.model.get_metrics_result()
        return {**metrics, "loss": totals[0] / totals[1]}


def _sum_of(losses: Iterable[tf.Tensor]) -> tf.Tensor:
    values = [tf.reduce_sum(loss) for loss in losses]
    dtype = tf.float64 if any(v.dtype == tf.float64 for v in values) else tf.float32
    return tf.add_n([tf.cast(v, dtype) for v in values] or [tf.constant(0.0)])


@contextlib.contextmanager
def _replaced(owner: type, name: str, value: object) -> Iterator[None]:
    """Replaces an inherited attribute of a class for a block."""
    setattr(owner, name, value)
    try:
        yield
    finally:
        delattr(owner, name)


def _product(*weights: tf.Tensor) -> tf.Tensor:
    """Returns the product of the weights of the examples and of the fillers' zeros."""
    *given, real = weights
    return tf.cast(given[0], real.dtype) * real if given else real


def _reduction(model: keras.Model) -> str:
    """Returns how the model's losses are reduced: `"sum"` or `"mean"`."""
    losses = [loss for loss in keras.tree.flatten(model.loss) if loss is not None]
    reductions = [getattr(loss, "reduction", "mean") for loss in losses]
    if any(reduction in (None, "none") for reduction in reductions):
        raise ValueError("`loss` must have a reduction. Received: a loss with reduction=None")
    kinds = {"sum" if reduction == "sum" else "mean" for reduction in reductions}
    if len(kinds) > 1:
        raise ValueError(
            f"`loss` must be of means, or of sums, not of both. Received: {reductions}"
        )
    return kinds.pop() if kinds else "mean"
