"""Fingerprints of published releases, shipped with the package, and the look-ups over them."""
