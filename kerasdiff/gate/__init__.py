"""What passes: the decision that becomes the exit status."""
