"""Where kernels come from: one module per origin (apt: Debian's archive), with its small helpers beside it."""
