"""Tests of kerasdiff/cli."""
