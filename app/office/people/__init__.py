"""HR's list of people, one person's membership, and the filters somebody of HR keeps."""
