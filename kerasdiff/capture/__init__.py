"""Host side of a capture: finds the interpreter, starts the probe, brings back its fingerprint."""
