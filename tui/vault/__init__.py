"""The only code that ever sees a recovery password: a child process, and the console's end of the pipe to it."""
