"""What a search asks: designs, axes, limits, the options of a step, and the request they come from."""
