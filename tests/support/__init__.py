"""What tests are made with; each folder says in its first line what it holds."""
