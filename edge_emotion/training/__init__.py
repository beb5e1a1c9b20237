"""Train a network from a recipe: floating point first, then quantization-aware."""
