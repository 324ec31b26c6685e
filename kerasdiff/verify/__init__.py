"""Remedies proven: tried in the live environment B, and judged by whether the same cases then give what they give in A."""
