"""The courier: a process that signs in and speaks with Graph for the console.

The SDK's import takes longer than a key press may, and a thread would share Python's lock with the one that paints. The
courier answers the ports of `tui.cloud.GraphSide` over a socket; what paints loads no SDK and keeps no token.
"""
