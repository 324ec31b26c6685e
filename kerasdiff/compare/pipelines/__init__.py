"""Compares what two pipelines feed, and says what makes B's numbers of A's where something simple does."""
