"""Announcements（お知らせ）: official news to chosen people, and 確認しました instead of a read mark."""
