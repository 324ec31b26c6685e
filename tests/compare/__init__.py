"""Tests of kerasdiff/compare."""
