"""A web page to text: main part first, then all the rest."""
