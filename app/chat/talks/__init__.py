"""人事への連絡 and 話したい: the way to HR, and to a mentor, without a reason."""
