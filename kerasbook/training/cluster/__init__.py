"""Strategies by name, several workers, and what becomes of them."""
