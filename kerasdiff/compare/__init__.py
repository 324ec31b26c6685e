"""Fingerprints in, divergences out: a pure function."""
