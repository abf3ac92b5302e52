"""Searches held against each other and against training."""
