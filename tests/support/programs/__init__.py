"""The command and its processes: started, watched, waited for."""
