"""The rows of the table, in its order: name, what measures it, and seconds it may take."""

from . import (
    block_reads, bounded, first_byte, limited, memory, microbenchmarks, mixed_quality, random_reads,
    readers, seeding, sequential, small_files, swarm, tree, warm, web_seed,
)

ROWS = {
    "sequential": (sequential.one_seeder, 300),
    "four-seeders": (sequential.four_seeders, 200),
    "web-seed": (web_seed.measure, 150),
    "limited": (limited.measure, 90),
    "warm": (warm.complete, 120),
    "warm-partly": (warm.partly, 90),
    "restart": (bounded.restart, 120),
    "bounded": (bounded.evicting, 200),
    "random": (random_reads.idle, 120),
    "random-streaming": (random_reads.beside_a_stream, 240),
    "block-reads": (block_reads.measure, 300),
    "readers": (readers.measure, 120),
    "mixed-quality": (mixed_quality.measure, 180),
    "first-byte": (first_byte.measure, 180),
    "seeding": (seeding.measure, 200),
    "swarm": (swarm.measure, 600),
    "tree": (tree.measure, 240),
    "small-files": (small_files.measure, 120),
    "memory": (memory.waiting_reads, 120),
    "microbenchmarks": (microbenchmarks.measure, 60),
}
