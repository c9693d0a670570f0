"""The engine: the step, the loop around it, and what survives."""
