"""Engine: the process that keeps the state of coverage in memory, and how others ask it."""
