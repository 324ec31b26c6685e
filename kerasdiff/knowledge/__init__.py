"""What is known about Keras, as data, and its loader."""
