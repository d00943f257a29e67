"""The rules of the architecture as data, and the source they are held against."""
