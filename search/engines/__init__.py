"""The only modules that know a search engine, behind one interface."""
