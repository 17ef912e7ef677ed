"""見え方と閲覧履歴: what others and the office see of oneself, and who looked."""
