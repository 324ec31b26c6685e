"""Inputs that nobody meant: fingerprints, policies and projects as strangers write them."""
