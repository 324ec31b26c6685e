"""Tests of kerasdiff/gate."""
