"""The hands: what drives flows and touches the world for them (design §2, floor 4).

drive    the two drivers of flows, sync and async, side by side
world    what they work with: store, clock, names, readers
pumps    a leg's line to its upstream, and its inbox
feeds    what a listener hears of a leg
hub      news of runs, inside the process and between processes
runner   drives every leg, on whatever thread or loop it belongs to
leases   the leases of this process: heartbeat, take-over
work     a leg at work
owners   who holds a lease, and whether it is no more
trouble  what goes wrong again and again, said once
loops    the bridge's own event loop
rooms    one runner for each store in each process
"""
