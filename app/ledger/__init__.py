"""The access ledger: who in the office looked at whose data, when and why."""
