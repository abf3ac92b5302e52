"""Figures of a network, derived from the facts that its ops state."""
