"""Ways to search: expansion, contraction, replay, inverse questions, and the run that they share."""
