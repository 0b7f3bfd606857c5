"""The roof: settings, wiring, command line. It sees all and nothing sees it.

Every program of ours begins here, so here it is made sure that it finds our code and no other.
"""

from config.isolation import isolate

isolate()
