"""Where candidates run."""
