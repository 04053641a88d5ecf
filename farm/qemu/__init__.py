"""Everything about QEMU: what it is told (argv), the process (machine), the serial log (console)."""
