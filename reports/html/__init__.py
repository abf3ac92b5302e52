"""Reports as one HTML file: the frame that all share, its tables and charts, and what each report puts in."""
