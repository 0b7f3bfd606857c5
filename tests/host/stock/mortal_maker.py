"""Makes the cards of a part until it is killed, and says each step once it is kept."""

import sys

import psycopg

from host.stock.making import make_step
from tests.host.stock.conftest import HSM

CARDS_PER_STEP = 500

if __name__ == "__main__":
    with psycopg.connect(sys.argv[1]) as connection:
        while True:
            made = make_step(connection, HSM, int(sys.argv[2]), CARDS_PER_STEP)
            connection.commit()
            sys.stdout.write(f"{made}\n")
            sys.stdout.flush()
