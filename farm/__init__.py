"""The memory-semantics farm: real kernels, real guests, values with their evidence.

    matrix.yaml ─► plan ─► sources ─► images ─► qemu ─► session ─► check ─► results ─► diff ─► report
                  cells   packages    initrd,   guest   ssh        records  files     changes  pages
                          by digest   disks
    guest/catalogue/*.yaml ───────────────────────────────► judge (saw against claimed) ──┘

The checker (guest/) observes, the catalogue claims, Python judges. `farm/cell.py` is one cell end to
end: read it first. A module imports only from modules of an earlier stage; tests/test_limits.py holds
the order.
"""
