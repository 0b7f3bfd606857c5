"""HMAC-DRBG gives the published answers, and numbers that are all alike."""

import pytest

from host.hsm.drbg import HmacDrbg

DRAWS = 60_000
BOUND = 6
CHI_SQUARE_MAX = 20.5
"""Of five degrees of freedom one series in a thousand is beyond it; these are always the same."""
PUBLISHED = [
    (
        "ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488",
        "659ba96c601dc69fc902940805ec0ca8",
        "",
        (
            "e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89"
            "d54fbb978a15b5c443c9ec21036d2460b6f73ebad0dc2aba6e624abf07745bc1"
            "07694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668"
            "961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8"
        ),
    ),
    (
        "79737479ba4e7642a221fcfd1b820b134e9e3540a35bb48ffae29c20f5418ea3",
        "3593259c092bef4129bc2c6c9e19f343",
        "",
        (
            "cf5ad5984f9e43917aa9087380dac46e410ddc8a7731859c84e9d0f31bd43655"
            "b924159413e2293b17610f211e09f770f172b8fb693a35b85d3b9e5e63b1dc25"
            "2ac0e115002e9bedfb4b5b6fd43f33b8e0eafb2d072e1a6fee1f159df9b51e6c"
            "8da737e60d5032dd30544ec51558c6f080bdbdab1de8a939e961e06b5f1aca37"
        ),
    ),
    (
        "5cacc68165a2e2ee20812f35ec73a79dbf30fd475476ac0c44fc6174cdac2b55",
        "6f885496c1e63af620becd9e71ecb824",
        "e72dd8590d4ed5295515c35ed6199e9d211b8f069b3058caa6670b96ef1208d0",
        (
            "f1012cf543f94533df27fedfbf58e5b79a3dc517a9c402bdbfc9a0c0f721f9d5"
            "3faf4aafdc4b8f7a1b580fcaa52338d4bd95f58966a243cdcd3f446ed4bc546d"
            "9f607b190dd69954450d16cd0e2d6437067d8b44d19a6af7a7cfa8794e5fbd72"
            "8e8fb2f2e8db5dd4ff1aa275f35886098e80ff844886060da8b1e7137846b23b"
        ),
    ),
    (
        "8df013b4d103523073917ddf6a869793059e9943fc8654549e7ab22f7c29f122",
        "da2625af2ddd4abcce3cf4fa4659d84e",
        "b571e66d7c338bc07b76ad3757bb2f9452bf7e07437ae8581ce7bc7c3ac651a9",
        (
            "b91cba4cc84fa25df8610b81b641402768a2097234932e37d590b1154cbd23f9"
            "7452e310e291c45146147f0da2d81761fe90fba64f94419c0f662b28c1ed94da"
            "487bb7e73eec798fbcf981b791d1be4f177a8907aa3c401643a5b62b87b89d66"
            "b3a60e40d4a8e4e9d82af6d2700e6f535cdb51f75c321729103741030ccc3a56"
        ),
    ),
]
"""Of NIST's validation suite, SHA-256 without reseeding: entropy, nonce, personalization, and what
the second call for 1,024 bits gives."""


@pytest.mark.parametrize("vector", PUBLISHED, ids=range(len(PUBLISHED)))
def test_it_gives_the_published_answers(vector: tuple[str, str, str, str]) -> None:
    entropy, nonce, personalization, expected = map(bytes.fromhex, vector)
    generator = HmacDrbg(entropy, nonce, personalization)
    generator.generate(128)
    assert generator.generate(128) == expected


def test_each_number_below_a_bound_comes_as_often_as_any_other() -> None:
    generator = HmacDrbg(bytes(range(32)), bytes(16))
    counts = [0] * BOUND
    for _ in range(DRAWS):
        counts[generator.below(BOUND)] += 1
    expected = DRAWS / BOUND
    assert sum((count - expected) ** 2 / expected for count in counts) < CHI_SQUARE_MAX


def test_what_is_beyond_the_last_whole_run_is_thrown_away() -> None:
    """Of three quarters of all numbers the first third would come twice as often by a remainder."""
    generator, bound = HmacDrbg(bytes(32), bytes(16)), 3 << 62
    thirds = [0, 0, 0]
    for _ in range(6_000):
        thirds[generator.below(bound) // (1 << 62)] += 1
    assert sum((count - 2_000) ** 2 / 2_000 for count in thirds) < 13.8
