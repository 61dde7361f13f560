"""When an answer is to be relied on: conformal sets, selective answers, out-of-distribution scores."""
