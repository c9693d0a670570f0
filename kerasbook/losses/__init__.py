"""Keras losses that Keras lacks, one per file; `sample_weight` is per sample."""

from kerasbook.losses.attribute_hinge import AttributeHinge
from kerasbook.losses.attribute_logistic import AttributeLogistic
from kerasbook.losses.gaussian_negative_log_likelihood import GaussianNegativeLogLikelihood
from kerasbook.losses.hierarchical_softmax_crossentropy import HierarchicalSoftmaxCrossentropy
from kerasbook.losses.mixture_negative_log_likelihood import MixtureNegativeLogLikelihood
from kerasbook.losses.multiclass_hinge import MulticlassHinge
from kerasbook.losses.one_versus_all_hinge import OneVersusAllHinge

__all__ = [
    "AttributeHinge",
    "AttributeLogistic",
    "GaussianNegativeLogLikelihood",
    "HierarchicalSoftmaxCrossentropy",
    "MixtureNegativeLogLikelihood",
    "MulticlassHinge",
    "OneVersusAllHinge",
]
