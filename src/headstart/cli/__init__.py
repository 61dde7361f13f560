"""Arguments in, one pipeline call, text or JSON out: one file per verb, no logic."""
