"""Runs kerasdiff over a casebook: verified real divergences between pairs of environments, kept in a folder elsewhere."""
