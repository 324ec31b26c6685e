"""Tests of scope by model."""
