"""The record of searches: one SQLite file, its history and exports."""
