"""Keras losses that Keras lacks, one per file; `sample_weight` is per sample."""

from kerasbook.losses.gaussian_negative_log_likelihood import GaussianNegativeLogLikelihood
from kerasbook.losses.mixture_negative_log_likelihood import MixtureNegativeLogLikelihood

__all__ = ["GaussianNegativeLogLikelihood", "MixtureNegativeLogLikelihood"]
