"""What people have made themselves, run on request only: their models, by the code that builds them or from a file."""
