"""What the hinge losses share: a margin, and how what is lacking of it adds up."""

from keras import ops

from kerasbook.layers.arguments import boolean, number_of
from kerasbook.losses.per_sample_loss import PerSampleLoss


class HingeLoss(PerSampleLoss):
    """Base of losses that add up what scores lack of a margin, or its squares.

    A subclass has its own default of `name`, and `lack(y_true, y_pred)`, which returns what is
    lacking, at least 0, in the scores' shape.
    """

    def __init__(self, margin, *, squared, reduction, name, dtype):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.margin = number_of("margin", margin, "above 0", lambda number: number > 0)
        self.squared = boolean("squared", squared)

    def call(self, y_true, y_pred):
        lack = self.lack(y_true, y_pred)
        return ops.sum(ops.square(lack) if self.squared else lack, -1)

    def get_config(self):
        return {**super().get_config(), "margin": self.margin, "squared": self.squared}
