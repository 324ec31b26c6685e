"""The tests of kerasdiff."""
