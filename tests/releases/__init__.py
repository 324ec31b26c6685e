"""Tests of kerasdiff/releases."""
