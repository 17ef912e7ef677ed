"""Group chat（トーク）: rooms, messages in one order, 人事への連絡, first friends."""
