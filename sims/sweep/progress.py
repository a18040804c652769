"""What a plan and a run look like."""

from .plan import Plan


def table(plan: Plan) -> str:
    """A plan as text: one line per group, then the sums."""
    heads = f"{'cells':>6} {'lanes':>9} {'tile':>5} {'calls':>6} {'B/lane':>9}"
    lines = [f"{'group':<60} {heads}"]
    for address, group in plan.groups.items():
        lanes = plan.lanes(address)
        calls = 1 if group.tile == "all" else -(-lanes // int(group.tile))
        lines.append(
            f"{str(group)[:60]:<60} {len(plan.cells[address]):>6} {lanes:>9} "
            f"{group.tile:>5} {calls:>6} {group.lane_bytes:>9}"
        )
    lanes = sum(map(plan.lanes, plan.groups))
    lines.append(
        f"{len(plan.groups)} programs, {lanes:,} lanes, "
        f"{plan.stored_bytes:,} bytes of rows"
    )
    return "\n".join(lines)
