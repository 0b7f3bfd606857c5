"""The roof: settings, wiring, command line. It sees all and nothing sees it.

Every program of ours begins here, so here it is made sure that it finds our code and no other, and
nothing of others' that it has no use for.
"""

from config.isolation import isolate
from config.lean import leave_out

isolate()
leave_out()
