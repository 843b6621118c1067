"""The LDAP child; the console starts it."""

from tui.sources.active_directory.serving import main

if __name__ == "__main__":
    main()
