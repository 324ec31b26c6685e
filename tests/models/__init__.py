"""Tests of kerasdiff/models."""
