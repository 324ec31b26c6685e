"""The formats of a report, each behind one protocol."""
