"""One file per group of routes: parse, call one function, render."""
