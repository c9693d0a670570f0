"""The training step and the evaluation step: one `tf.function` over `strategy.run` each.

The loss of a step is the mean over the global batch, whatever the replicas: each sums the
losses of its own examples and divides by the number of all. Gradients are summed over replicas
before they are clipped.
"""

import keras
import tensorflow as tf

from kerasbook.training.signals import SIGNALS


class Classifier:
    """A model seen as a classifier: logits where they can be had, and a loss.

    Args:
        model: A `keras.Model` whose outputs are probabilities `(batch, classes)`, or logits, if its
            last layer is linear.
        label_smoothing: Share of the target spread over all classes.
    """

    def __init__(self, model, label_smoothing=0.0):
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

    def __call__(self, images, training):
        """Returns float32 logits, or logarithms of probabilities, which serve as well."""
        outputs = tf.cast(self._network(images, training=training), tf.float32)
        if self.gives_logits:
            return outputs
        return tf.math.log(tf.maximum(outputs, 1e-7))

    def losses(self, logits, labels, smoothing=0.0):
        """Returns the cross-entropy of each example, `(batch,)`.

        Labels are numbers of classes `(batch,)`, or shares of the classes `(batch, classes)`.
        """
        shares = len(labels.shape) == 2
        if not smoothing and not shares:
            return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        targets = labels if shares else tf.one_hot(labels, self.classes)
        targets = targets * (1 - smoothing) + smoothing / self.classes
        return tf.nn.softmax_cross_entropy_with_logits(targets, logits)

    @staticmethod
    def right(logits, labels):
        """Returns 1 where the greatest logit is at the label, or at its greatest share."""
        if len(labels.shape) == 2:
            labels = tf.argmax(labels, -1)
        return tf.cast(tf.argmax(logits, -1) == labels, tf.float32)

    def penalties(self):
        """Returns the sum of the model's own losses, such as regularizers."""
        return tf.add_n([tf.cast(loss, tf.float32) for loss in self._network.losses] or [0.0])


class TrainingStep:
    """Takes one optimiser step on the next global batch of an iterator.

    Attributes:
        totals: Variable of the epoch so far: sum of losses, number of right answers, examples.
        steps: Variable: number of steps taken since the run began.
        bad_step: Variable: the first step (from 1) with a non-finite loss, or 0.
        stop_requested: Variable: the signals that this process has received, see `StopRequest`.
        stopping: Variable: the sums of all workers' `stop_requested` in the step before.
    """

    def __init__(self, classifier, optimizer, strategy, clip_norm=None):
        self.totals = tf.Variable(tf.zeros(3), trainable=False, name="totals")
        self.steps = tf.Variable(0, trainable=False, dtype=tf.int64, name="steps")
        self.bad_step = tf.Variable(0, trainable=False, dtype=tf.int64, name="bad_step")
        self.stop_requested = tf.Variable(tf.zeros(len(SIGNALS)), trainable=False)
        self.stopping = tf.Variable(tf.zeros(len(SIGNALS)), trainable=False)
        self._classifier = classifier
        self._optimizer = optimizer
        self._strategy = strategy
        self._clip_norm = clip_norm
        self._scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        self._step = tf.function(self._global_step)

    def __call__(self, iterator):
        """Trains on `next(iterator)` and returns the epoch's mean loss and accuracy so far."""
        loss, accuracy = self._step(iterator)
        return {"loss": loss, "accuracy": accuracy}

    def results(self):
        """Returns the epoch's mean loss and accuracy so far as floats."""
        return _means(self.totals)

    def _global_step(self, iterator):
        sums = self._strategy.run(self._replica_step, args=(next(iterator),))
        sums = self._strategy.reduce(tf.distribute.ReduceOp.SUM, sums, axis=None)
        sums, stopping = sums[:3], sums[3:]
        self.stopping.assign(stopping)
        step = self.steps.assign_add(1)
        bad = (self.bad_step == 0) & ~tf.math.is_finite(sums[0])
        self.bad_step.assign(tf.where(bad, step, self.bad_step))
        totals = self.totals.assign_add(sums)
        return totals[0] / totals[2], totals[1] / totals[2]

    def _replica_step(self, batch):
        images, labels, weights, total = batch
        replicas = self._strategy.num_replicas_in_sync
        classifier = self._classifier
        with tf.GradientTape() as tape:
            logits = classifier(images, training=True)
            losses = classifier.losses(logits, labels, classifier.label_smoothing)
            loss_sum = tf.reduce_sum(losses * weights)
            loss = loss_sum / total + classifier.penalties() / replicas
            scaled = self._optimizer.scale_loss(loss) if self._scaled else loss
        variables = classifier.model.trainable_variables
        gradients = tape.gradient(scaled, [v.value for v in variables])
        reached = [(g, v) for g, v in zip(gradients, variables, strict=True) if g is not None]
        gradients = [tf.convert_to_tensor(gradient) for gradient, _ in reached]
        variables = [variable for _, variable in reached]
        if self._clip_norm is not None or self._scaled:
            gradients = self._of_all_replicas(gradients)
        self._optimizer.apply_gradients(zip(gradients, variables, strict=True))
        right = classifier.right(logits, labels)
        count = tf.reduce_sum(weights)
        # The reported loss counts each example once, penalties included, as Keras reports it.
        sums = tf.stack([loss * total, tf.reduce_sum(right * weights), count])
        return tf.concat([sums, self.stop_requested], 0)

    def _of_all_replicas(self, gradients):
        """Sums over replicas, clips, and divides again by the replicas that Keras will sum."""
        replicas = self._strategy.num_replicas_in_sync
        if replicas > 1:
            context = tf.distribute.get_replica_context()
            gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
        if self._clip_norm is not None:
            # Under loss scaling the gradients are that much longer, and so may they be.
            scale = self._optimizer.dynamic_scale.value if self._scaled else 1.0
            gradients, _ = tf.clip_by_global_norm(gradients, self._clip_norm * scale)
        return [gradient / replicas for gradient in gradients]


class EvaluationStep:
    """Adds the next global batch of an iterator to the sums of an evaluation.

    Attributes:
        stop_requested: Variable, as in `TrainingStep`.
        stopping: Variable, as in `TrainingStep`.
    """

    def __init__(self, classifier, strategy):
        self.stop_requested = tf.Variable(tf.zeros(len(SIGNALS)), trainable=False)
        self.stopping = tf.Variable(tf.zeros(len(SIGNALS)), trainable=False)
        self._classifier = classifier
        self._strategy = strategy
        self._step = tf.function(self._global_step)

    def __call__(self, pipeline, on_batch=lambda number: None):
        """Returns the mean loss and the accuracy over all examples of a pipeline.

        `on_batch` is called after every step, so that an evaluation can be broken off there.
        """
        totals = tf.zeros(3)
        iterator = iter(pipeline.epoch(self._strategy))
        for number in range(pipeline.steps):
            totals += self._step(iterator)
            on_batch(number)
        return _means(totals)

    def _global_step(self, iterator):
        sums = self._strategy.run(self._replica_step, args=(next(iterator),))
        sums = self._strategy.reduce(tf.distribute.ReduceOp.SUM, sums, axis=None)
        self.stopping.assign(sums[3:])
        return sums[:3]

    def _replica_step(self, batch):
        images, labels, weights, _ = batch
        logits = self._classifier(images, training=False)
        losses = self._classifier.losses(logits, labels)
        right = self._classifier.right(logits, labels)
        sums = [tf.reduce_sum(v * weights) for v in (losses, right, tf.ones_like(right))]
        return tf.concat([tf.stack(sums), self.stop_requested], 0)


def _means(totals):
    loss, right, count = (float(total) for total in totals.numpy())
    return {"loss": loss / count, "accuracy": right / count}
