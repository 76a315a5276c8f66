"""Which shipments and facilities are possible, and what each costs."""
