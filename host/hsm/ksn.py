"""DUKPT key serial numbers (ANSI X9.24): who the device is, and how many keys it has used."""


class KsnError(Exception):
    """A key serial number that no device could have sent."""


def counter_of(ksn: bytes, *, ksn_bytes: int, counter_bits: int, one_bits_max: int) -> int:
    """The transaction counter at the end of a KSN.

    Devices start at one and skip counters with too many one-bits, so neither may arrive.

    Raises:
        KsnError: another length, counter zero, or too many one-bits in the counter.
    """
    if len(ksn) != ksn_bytes:
        msg = f"a KSN of this kind is {ksn_bytes} bytes, this one has {len(ksn)}"
        raise KsnError(msg)
    counter = int.from_bytes(ksn, "big") & ((1 << counter_bits) - 1)
    if not 1 <= counter.bit_count() <= one_bits_max:
        msg = f"a DUKPT counter has 1 to {one_bits_max} one-bits, this one {counter.bit_count()}"
        raise KsnError(msg)
    return counter
