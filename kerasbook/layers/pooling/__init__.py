"""Layers that make images smaller, and back again."""
