"""Real Keras environments for the tests: their data, and what builds them."""
