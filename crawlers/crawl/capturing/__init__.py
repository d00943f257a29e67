"""One address into the archive: fetched, recorded, classed, with its parts."""
