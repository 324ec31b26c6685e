"""The fingerprint: its document, read and written."""
