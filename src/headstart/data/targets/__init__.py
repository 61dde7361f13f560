"""What is to be predicted, read from the columns of examples: a file for each kind."""
