"""Heads: layers that return distributions, mixtures of experts, radial and Bayesian layers."""
