"""A pipeline of the user's, measured: what it feeds, epoch by epoch and stage by stage."""
