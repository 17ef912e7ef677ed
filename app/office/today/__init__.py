"""今日やること: what waits for HR, as facts of procedure."""
