"""A made-up campaign of many sources: its world, its server, its play and its judge."""
