"""What all pictures of figures have in common: colours for light and dark, canvas, SVG."""
