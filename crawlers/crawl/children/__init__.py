"""Inside the child process of crawls: orders come in, several sources run."""
