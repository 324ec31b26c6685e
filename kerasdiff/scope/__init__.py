"""Narrows a comparison to what a saved model uses, and predicts what loading it does."""
