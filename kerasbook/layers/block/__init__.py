"""Small networks used as one layer."""
