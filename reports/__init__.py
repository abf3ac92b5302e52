"""Reports: each makes a table that tests check, and draws it."""
