"""Readers of saved model files: what is in them, without a framework, and without running anything of theirs."""
