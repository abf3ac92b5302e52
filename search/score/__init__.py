"""Scores: what a search maximises."""
