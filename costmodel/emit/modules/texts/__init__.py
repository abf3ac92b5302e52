"""Classes and functions that an emitted file carries with it: it takes the text of those that it uses."""
