"""What a million entities cost, reckoned from the processor time of a page and the time that the API takes for it."""

CORE_MB = 1769  # Lambda gives a function of this memory one core, and a smaller one its part of it
GB_SECOND = 0.0000133334  # dollars, arm64, us-east-1
LATENCY, PACE = 0.2, 60 / 240  # seconds a page: the API's, and what 240 requests a minute leave
BEFORE_NEXT = 1 / 4  # of a page's processor time comes before the next page is asked for: reading and inflating
MEMORY = [128, 256, 442, 512, CORE_MB]
MILLION = 1_000_000


def page_seconds(cpu, memory):
    """How long a page takes: its share of the pace, or its request and what comes before the next one, or all work on it."""
    work = cpu * CORE_MB / memory

    return max(PACE, LATENCY + BEFORE_NEXT * work, work)


def cells(entities, cpu, memory):
    seconds = MILLION / entities * page_seconds(cpu, memory)
    gb_seconds = seconds * memory / 1024

    return f"{seconds / 60:,.0f} min, {gb_seconds:,.0f} GB-s, {gb_seconds * GB_SECOND:.4f}"


def table(pages):
    """The table. pages are what each column is: its name, how many entities a page has, and its processor time in seconds."""
    lines = [
        "| memory | of a core | " + " | ".join(f"{name}, {cpu * 1000:.1f} ms a page" for name, _, cpu in pages) + " |",
        "|---" * (2 + len(pages)) + "|",
    ]
    for memory in MEMORY:
        columns = [cells(entities, cpu, memory) for _, entities, cpu in pages]
        lines.append(f"| {memory} MB | {memory / CORE_MB:.2f} | " + " | ".join(columns) + " |")

    return "\n".join(lines)
