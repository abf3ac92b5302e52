"""A network on live video: sources of frames, the loop that runs it, and what it answers."""
