"""Layers that are random while training and the identity otherwise."""
