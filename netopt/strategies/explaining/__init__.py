"""Why no plan exists, what binds where one does, and what earns without end."""
