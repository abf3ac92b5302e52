"""What a running network does, measured, beside what the analysis says of it: one kind of check a file."""
