"""Convolutions and what goes between them."""
