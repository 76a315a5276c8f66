"""What a jurisdiction may demand, stated without any solver."""
