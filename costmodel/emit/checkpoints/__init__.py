"""Checkpoints that people have: prefixes taken off, layouts detected, names made ours.

`costmodel.emit.checkpoints.fit` is the one way in: it gives a dict of tensors under a network's names, and
what was done to them, or says what differs in the nearest layouts.
"""
