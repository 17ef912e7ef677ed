"""Composing: drafts kept on the server, the preview, and whom one may speak to by name."""
