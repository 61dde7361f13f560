"""What is wrong with data: duplicates, label noise, outliers, quality."""
