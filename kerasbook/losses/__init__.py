"""Keras losses that Keras lacks, one per file; `sample_weight` is per sample."""

__all__ = []
