"""Running PyTorch networks from graphs."""
