"""Finding a message again within a room."""
