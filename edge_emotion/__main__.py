"""``python -m edge_emotion``."""

from edge_emotion.cli import main

main()
