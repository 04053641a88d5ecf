"""What the tasks do: each function is one command of the interface and returns its exit status."""
