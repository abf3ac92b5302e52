"""Training and evaluating the networks of graphs."""
