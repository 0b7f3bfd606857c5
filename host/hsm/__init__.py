"""The software security module: every key, MAC, PIN and card number that is computed upon.

`interface` says what is asked of it; `vault` fills that in this process, `pkcs11` with a device.

Values in, values out: nothing here knows a socket, a table or a clock; only `vault` reads a
file, once, to load the local master key. Keys are built into cipher contexts when their owner
is made, never per message.
"""
