"""A matrix of features becomes a calibrated probe: chosen, fitted and checked in folds."""
