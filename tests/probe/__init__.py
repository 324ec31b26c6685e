"""Tests of kerasdiff.probe."""
