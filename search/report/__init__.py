"""What needs the extracted texts of several captures; it reads them, never bytes."""
