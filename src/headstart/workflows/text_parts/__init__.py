"""Tasks whose answers are parts of a text: a row of stages of their own, for a text has many tokens."""
