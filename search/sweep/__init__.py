"""Many designs of one spec at once."""
