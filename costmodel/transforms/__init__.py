"""Graphs from graphs, one transform a file."""
