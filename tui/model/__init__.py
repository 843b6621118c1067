"""What the console talks about: frozen values without I/O. Every other room may import this one."""
