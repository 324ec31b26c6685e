"""Tests of kerasdiff.capture."""
