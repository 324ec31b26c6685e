"""Tests of kerasdiff/fingerprint."""
