"""One capture, or words of it, as something to cite and to find again."""
