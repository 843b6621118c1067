"""A tenant on loopback: a Graph-compatible server, a ticket desk and a scripted Patch Tuesday, over real HTTP.

`launch.running_demo` starts it as a process of its own; `serve.serve` is that process.
"""
