"""Keras metrics of predicted distributions and probabilities, one per file."""

__all__ = []
