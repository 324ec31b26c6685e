"""What symbols do, in numbers: the measured probe families."""
