"""QR codes (ISO/IEC 18004) of short texts: byte mode, error correction M, versions 1 to 12.

So that a seed is never sent to anybody else to be drawn.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from hydradesk.kernel.errors import Invalid

# Check bytes of a block, and blocks as (how many, data bytes of each), by version (table 9).
_BLOCKS: dict[int, tuple[int, tuple[tuple[int, int], ...]]] = {
    1: (10, ((1, 16),)),
    2: (16, ((1, 28),)),
    3: (26, ((1, 44),)),
    4: (18, ((2, 32),)),
    5: (24, ((2, 43),)),
    6: (16, ((4, 27),)),
    7: (18, ((4, 31),)),
    8: (22, ((2, 38), (2, 39))),
    9: (22, ((3, 36), (2, 37))),
    10: (26, ((4, 43), (1, 44))),
    11: (30, ((1, 50), (4, 51))),
    12: (22, ((6, 36), (2, 37))),
}
# Centres of the alignment patterns (annex E).
_CENTRES = {
    1: (),
    2: (6, 18),
    3: (6, 22),
    4: (6, 26),
    5: (6, 30),
    6: (6, 34),
    7: (6, 22, 38),
    8: (6, 24, 42),
    9: (6, 26, 46),
    10: (6, 28, 50),
    11: (6, 30, 54),
    12: (6, 32, 58),
}
_BYTE_MODE, _PAD = 0b0100, (0xEC, 0x11)
_FORMAT_POLY, _FORMAT_MASK, _VERSION_POLY = 0x537, 0x5412, 0x1F25
Grid = list[list[bool | None]]
"""None where data goes, until it is there."""


def modules(text: str) -> list[str]:
    """Return the code row by row, 1 for dark; Invalid for more than 287 bytes."""
    raw = text.encode()
    version = _version_for(len(raw))
    bits = _bits(_codewords(raw, version))
    plain = _patterns(version)
    drawn = [_masked(plain, bits, version, mask) for mask in range(8)]
    best = min(drawn, key=_penalty)
    return ["".join("1" if one else "0" for one in row) for row in best]


def _capacity(version: int) -> int:
    return sum(count * size for count, size in _BLOCKS[version][1])


def _version_for(length: int) -> int:
    for version in _BLOCKS:
        if length + (2 if version < 10 else 3) <= _capacity(version):
            return version
    raise Invalid(f"{length} bytes do not fit a QR code of ours", field="text")


def _codewords(raw: bytes, version: int) -> bytes:
    """Return data and check bytes, interleaved over the blocks."""
    width, capacity = (8 if version < 10 else 16), _capacity(version)
    number = (_BYTE_MODE << width | len(raw)) << 8 * len(raw) | int.from_bytes(raw, "big")
    length = 4 + width + 8 * len(raw)
    spare = min(4, 8 * capacity - length)
    length += spare
    filled = -length % 8
    data = (number << spare + filled).to_bytes((length + filled) // 8, "big")
    data += bytes(_PAD[at % 2] for at in range(capacity - len(data)))
    check, shape = _BLOCKS[version]
    blocks, start = [], 0
    for count, size in shape:
        for _ in range(count):
            blocks.append(data[start : start + size])
            start += size
    checks = [_check_bytes(block, check) for block in blocks]
    return bytes([*_interleaved(blocks), *_interleaved(checks)])


def _interleaved(blocks: Sequence[bytes]) -> Iterator[int]:
    for at in range(max(map(len, blocks))):
        yield from (block[at] for block in blocks if at < len(block))


def _times(a: int, b: int) -> int:
    """Multiply in GF(256) modulo x^8 + x^4 + x^3 + x^2 + 1."""
    product_ = 0
    for bit in range(7, -1, -1):
        product_ = (product_ << 1) ^ (0x11D if product_ & 0x80 else 0)
        if b >> bit & 1:
            product_ ^= a
    return product_


def _check_bytes(block: bytes, count: int) -> bytes:
    """Return the Reed-Solomon remainder."""
    divisor, root = [0] * (count - 1) + [1], 1
    for _ in range(count):
        divisor = [
            _times(one, root) ^ (divisor[at + 1] if at + 1 < count else 0)
            for at, one in enumerate(divisor)
        ]
        root = _times(root, 2)
    rest = [0] * count
    for byte in block:
        factor = byte ^ rest[0]
        rest = [a ^ _times(b, factor) for a, b in zip([*rest[1:], 0], divisor, strict=True)]
    return bytes(rest)


def _bits(codewords: bytes) -> list[bool]:
    return [bool(byte >> bit & 1) for byte in codewords for bit in range(7, -1, -1)]


def _patterns(version: int) -> Grid:
    """Return the grid with everything that is always the same; format bits reserved as light."""
    size = 17 + 4 * version
    grid: Grid = [[None] * size for _ in range(size)]
    for at in range(size):
        grid[6][at] = grid[at][6] = at % 2 == 0
    for row, column in ((3, 3), (3, size - 4), (size - 4, 3)):
        _finder(grid, row, column)
    centres = _CENTRES[version]
    corners = {(6, 6), (6, size - 7), (size - 7, 6)}
    for centre in product(centres, repeat=2):
        if centre not in corners:
            _alignment(grid, *centre)
    _write_format(grid, None)
    if version >= 7:
        _write_version(grid, version)
    return grid


def _finder(grid: Grid, row: int, column: int) -> None:
    size = len(grid)
    for down, right in product(range(-4, 5), repeat=2):
        y, x = row + down, column + right
        if 0 <= y < size and 0 <= x < size:
            grid[y][x] = max(abs(down), abs(right)) not in (2, 4)


def _alignment(grid: Grid, row: int, column: int) -> None:
    for down, right in product(range(-2, 3), repeat=2):
        grid[row + down][column + right] = max(abs(down), abs(right)) != 1


def _remainder(value: int, poly: int, bits: int) -> int:
    rest = value << bits
    for at in range(rest.bit_length() - 1, bits - 1, -1):
        if rest >> at & 1:
            rest ^= poly << (at - bits)
    return rest


def _write_format(grid: Grid, mask: int | None) -> None:
    """Write level M (00) and the mask twice; without a mask keep the places free."""
    size = len(grid)
    value = 0
    if mask is not None:
        value = (mask << 10 | _remainder(mask, _FORMAT_POLY, 10)) ^ _FORMAT_MASK
    around = [(at, 8) for at in (0, 1, 2, 3, 4, 5, 7, 8)] + [
        (8, at) for at in (7, 5, 4, 3, 2, 1, 0)
    ]
    split = [(8, size - 1 - at) for at in range(8)] + [(size - 15 + at, 8) for at in range(8, 15)]
    for bit in range(15):
        dark = bool(value >> bit & 1)
        for row, column in (around[bit], split[bit]):
            grid[row][column] = dark
    grid[size - 8][8] = True


def _write_version(grid: Grid, version: int) -> None:
    value = version << 12 | _remainder(version, _VERSION_POLY, 12)
    for bit in range(18):
        dark, far, near = bool(value >> bit & 1), len(grid) - 11 + bit % 3, bit // 3
        grid[far][near] = grid[near][far] = dark


def _places(grid: Grid) -> Iterator[tuple[int, int]]:
    """Go where data goes: up and down in columns of two, from the right, round column 6."""
    size = len(grid)
    rights = [at for at in range(size - 1, 6, -2)] + [5, 3, 1]
    for turn, right in enumerate(rights):
        rows = range(size - 1, -1, -1) if turn % 2 == 0 else range(size)
        for row, column in product(rows, (right, right - 1)):
            if grid[row][column] is None:
                yield row, column


def _masked(plain: Grid, bits: Sequence[bool], version: int, mask: int) -> Grid:
    grid = [list(row) for row in plain]
    for at, (row, column) in enumerate(_places(plain)):
        bit = at < len(bits) and bits[at]
        grid[row][column] = bit != _flips(mask, row, column)
    _write_format(grid, mask)
    return grid


def _flips(mask: int, i: int, j: int) -> bool:
    return (
        (i + j) % 2,
        i % 2,
        j % 3,
        (i + j) % 3,
        (i // 2 + j // 3) % 2,
        i * j % 2 + i * j % 3,
        (i * j % 2 + i * j % 3) % 2,
        ((i + j) % 2 + i * j % 3) % 2,
    )[mask] == 0


def _penalty(grid: Grid) -> int:
    """Score what readers stumble over (§7.8.3.1): the lowest mask is chosen."""
    lines = ["".join("1" if one else "0" for one in row) for row in grid]
    lines += ["".join(column) for column in zip(*lines, strict=True)]
    score = sum(_line_penalty(line) for line in lines)
    size = len(grid)
    for row, column in product(range(size - 1), repeat=2):
        square = {grid[row + a][column + b] for a, b in product((0, 1), repeat=2)}
        score += 3 if len(square) == 1 else 0
    dark = sum(line.count("1") for line in lines[:size])
    return score + 10 * int(abs(20 * dark - 10 * size * size) // (size * size))


def _line_penalty(line: str) -> int:
    score, run = 0, 1
    for before, after in zip(line, f"{line[1:]} ", strict=True):
        run, ended = (run + 1, 0) if before == after else (1, run)
        score += ended - 2 if ended >= 5 else 0
    return score + 40 * sum(
        line[at:].startswith(("10111010000", "00001011101")) for at in range(len(line))
    )
