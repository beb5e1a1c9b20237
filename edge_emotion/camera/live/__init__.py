"""Live sources are read by a process of their own, so that a read that hangs can be ended."""
