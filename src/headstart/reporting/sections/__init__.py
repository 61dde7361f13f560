"""What each task brings to reports: a file for each."""
