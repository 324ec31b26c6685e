"""Tests of kerasdiff/knowledge."""
