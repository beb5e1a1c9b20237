"""Measure models on backends: latency and accuracy of the same file, with the raw samples."""
