"""Tests of kerasdiff/report."""
