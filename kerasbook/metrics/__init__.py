"""Keras metrics of predicted distributions and probabilities, one per file."""

from kerasbook.metrics.continuous_ranked_probability_score import ContinuousRankedProbabilityScore
from kerasbook.metrics.expected_calibration_error import ExpectedCalibrationError
from kerasbook.metrics.interval_coverage import IntervalCoverage
from kerasbook.metrics.negative_log_likelihood import NegativeLogLikelihood

__all__ = [
    "ContinuousRankedProbabilityScore",
    "ExpectedCalibrationError",
    "IntervalCoverage",
    "NegativeLogLikelihood",
]
