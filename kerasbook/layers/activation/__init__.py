"""Activations that Keras lacks, with or without weights."""
